//! The engine's sessions: one for each request, as over HTTP, and kept for the next of the same kind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::failure::Failure;
use super::library::{Connection, Engine};

/// How many sessions wait for a request at most.
const MAX_IDLE: usize = 64;

/// What a session is set to before the request's statement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Session {
    /// The database of names that name none.
    pub database: Option<String>,
    /// Names and values of settings, in the order in which they are set.
    pub settings: Vec<(String, String)>,
}

impl Session {
    /// The statements that make a new session this one.
    fn statements(&self) -> Vec<String> {
        let database = self.database.iter().map(|name| format!("USE {}", quoted(name, '`')));
        let settings = self.settings.iter();
        let settings =
            settings.map(|(name, value)| format!("SET {} = {}", quoted(name, '`'), quoted(value, '\'')));
        database.chain(settings).collect()
    }
}

fn quoted(text: &str, quote: char) -> String {
    let escaped = text.replace('\\', "\\\\").replace(quote, &format!("\\{quote}"));
    format!("{quote}{escaped}{quote}")
}

/// The sessions that wait.
pub struct Sessions {
    engine: Arc<Engine>,
    idle: Mutex<HashMap<Session, Vec<Connection>>>,
}

impl Sessions {
    pub fn of(engine: Arc<Engine>) -> Self {
        Self { engine, idle: Mutex::default() }
    }

    /// A session that is set to `session`.
    pub fn take(&self, session: &Session) -> Result<Connection, Failure> {
        let idle =
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(session).and_then(Vec::pop);
        idle.map_or_else(|| self.open(session), Ok)
    }

    fn open(&self, session: &Session) -> Result<Connection, Failure> {
        let mut connection = self.engine.connect()?;
        for sql in session.statements() {
            connection.run(&sql, "Null")?;
        }
        Ok(connection)
    }

    /// Takes back a session that is as it was. One that a statement may have changed is dropped instead.
    pub fn give_back(&self, session: Session, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.values().map(Vec::len).sum::<usize>() >= MAX_IDLE {
            // Sessions with settings that no client sends any more would fill it up.
            idle.clear();
        }
        idle.entry(session).or_default().push(connection);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_cannot_leave_their_quotes() {
        let settings = vec![("a".to_owned(), "1' , b = '2\\".to_owned()), ("c`d".to_owned(), "3".to_owned())];
        let session = Session { database: Some("x` y".to_owned()), settings };
        let expected = ["USE `x\\` y`", "SET `a` = '1\\' , b = \\'2\\\\'", "SET `c\\`d` = '3'"];
        assert_eq!(session.statements(), expected);
        assert!(Session::default().statements().is_empty());
    }
}

//! The users of the server.

use axum::http::HeaderMap;

use super::failure::Failure;

/// `AUTHENTICATION_FAILED`.
const REFUSED: u32 = 516;

pub struct User {
    name: String,
    password: String,
    /// Whether the user may neither write nor change settings.
    pub read_only: bool,
}

/// All users, as a file lists them: `NAME PASSWORD` in each line, with `readonly` behind it for one that may not write.
pub struct Users(Vec<User>);

impl Users {
    pub fn parse(text: &str) -> Result<Self, String> {
        let user = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [name, password, ref rest @ ..] if rest.is_empty() || rest == ["readonly"] => {
                Ok(User { name: name.to_owned(), password: password.to_owned(), read_only: !rest.is_empty() })
            }
            _ => Err("a line of the file of users is not `NAME PASSWORD [readonly]`".to_owned()),
        };
        text.lines().map(user).collect::<Result<_, _>>().map(Self)
    }

    /// The user whose name and password a request has in ClickHouse's headers.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<&User, Failure> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (name, password) = (header("x-clickhouse-user"), header("x-clickhouse-key"));
        let user = self.0.iter().find(|user| user.name == name && user.password == password);
        user.ok_or_else(|| {
            let reason = "Authentication failed: password is incorrect, or there is no user with such name.";
            Failure::new(REFUSED, &format!("{name}: {reason} (AUTHENTICATION_FAILED)"))
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_user_is_known_by_name_and_password() {
        let users =
            Users::parse("default secret\nreader other readonly\n").unwrap_or_else(|error| panic!("{error}"));
        let read_only = |name, password| {
            let pairs = [("x-clickhouse-user", name), ("x-clickhouse-key", password)];
            let pairs = pairs.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            users.authenticate(&HeaderMap::from_iter(pairs)).map(|user| user.read_only)
        };
        assert_eq!((read_only("default", "secret"), read_only("reader", "other")), (Ok(false), Ok(true)));
        let refused = read_only("default", "wrong-password").unwrap_err();
        assert!(refused.code == REFUSED && !refused.message.contains("wrong-password"), "{refused:?}");
        assert!(read_only("", "").is_err() && Users::parse("name-alone").is_err());
    }
}

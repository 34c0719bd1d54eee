//! Who may ask.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::failure::Failure;

/// `AUTHENTICATION_FAILED`.
const REFUSED: u32 = 516;

/// A user of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    name: String,
    password: String,
    /// Whether the user may not write, and not change settings.
    pub read_only: bool,
}

/// All users, as a file lists them: `NAME PASSWORD` in each line, and `readonly` behind where that is so.
#[derive(Debug)]
pub struct Users(Vec<User>);

impl Users {
    pub fn read(text: &str) -> Result<Self, String> {
        let user = |line: &str| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [name, password] => {
                Ok(User { name: name.to_owned(), password: password.to_owned(), read_only: false })
            }
            [name, password, "readonly"] => {
                Ok(User { name: name.to_owned(), password: password.to_owned(), read_only: true })
            }
            _ => Err("a line of the file of users is not `NAME PASSWORD [readonly]`".to_owned()),
        };
        text.lines().map(user).collect::<Result<_, _>>().map(Self)
    }

    /// The user whose name and password a request has, in ClickHouse's headers, in `Authorization`, or in its URL.
    pub fn admit(&self, headers: &HeaderMap, url: &[(String, String)]) -> Result<&User, Failure> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let in_url = |name: &str| url.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let basic = header(header::AUTHORIZATION.as_str()).and_then(|value| decode(&value));
        let (basic_name, basic_password) = basic.unzip();
        let name = header("x-clickhouse-user").or(basic_name).or_else(|| in_url("user"));
        let password = header("x-clickhouse-key").or(basic_password).or_else(|| in_url("password"));
        let (name, password) = (name.unwrap_or_else(|| "default".to_owned()), password.unwrap_or_default());
        self.0
            .iter()
            .find(|user| user.name == name && user.password == password)
            .ok_or_else(|| refusal(&name))
    }
}

fn decode(authorization: &str) -> Option<(String, String)> {
    let text = BASE64_STANDARD.decode(authorization.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(text).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

fn refusal(name: &str) -> Failure {
    let reason = "Authentication failed: password is incorrect, or there is no user with such name.";
    Failure::new(REFUSED, &format!("{name}: {reason} (AUTHENTICATION_FAILED)"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn users() -> Users {
        Users::read("default secret\nreader other readonly\n").expect("two users")
    }

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_user_is_admitted_by_each_of_the_three_ways() {
        let (users, none) = (users(), HeaderMap::new());
        let by_key = headers(&[("x-clickhouse-user", "reader"), ("x-clickhouse-key", "other")]);
        assert!(users.admit(&by_key, &[]).expect("a reader").read_only);
        let basic = headers(&[("authorization", "Basic ZGVmYXVsdDpzZWNyZXQ=")]);
        assert!(!users.admit(&basic, &[]).expect("the default user").read_only);
        let url = [("user".to_owned(), "default".to_owned()), ("password".to_owned(), "secret".to_owned())];
        assert_eq!(users.admit(&none, &url).expect("the default user").name, "default");
    }

    #[test]
    fn everybody_else_is_refused_without_their_password_being_told() {
        let users = users();
        for list in [
            &[][..],
            &[("x-clickhouse-key", "wrong-password")],
            &[("x-clickhouse-user", "reader"), ("x-clickhouse-key", "secret")],
            &[("authorization", "Basic !")],
        ] {
            let refusal = users.admit(&headers(list), &[]).expect_err("a refusal");
            assert_eq!(refusal.code, REFUSED);
            assert!(!refusal.message.contains("wrong-password"), "{}", refusal.message);
        }
        assert!(Users::read("nobody").is_err());
    }
}

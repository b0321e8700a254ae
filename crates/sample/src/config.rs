//! What the environment says, read once and checked at the start.

use std::fmt;
use std::time::Duration;

use crate::calls::Target;

/// More calls than this would make one request a crowd.
const MAX_CALLS: usize = 16;

/// The fastest chatter, lines a second.
const MAX_LOG_RATE: u32 = 1_000_000;

/// Everything the service can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// `PORT`, 8080 unless set; 0 takes any free one.
    pub(crate) port: u16,
    /// `SERVICE_NAME`, what `/` calls this service.
    pub(crate) service: String,
    /// `RELEASE_VERSION`, what `/` tells of the release.
    pub(crate) release: Option<String>,
    /// `CALLS`, the services that `/` asks, separated by commas.
    pub(crate) calls: Vec<Target>,
    /// `UNHEALTHY=1`: the health check never passes.
    pub(crate) unhealthy: bool,
    /// `HEALTHY_AFTER=SECONDS`: the health check fails until then.
    pub(crate) healthy_after: Duration,
    /// `EXIT_AT_START=CODE`: end at once with this code.
    pub(crate) exit_at_start: Option<u8>,
    /// `LOG_RATE=N` and `LOG_LINES=TOTAL`: numbered lines for log intake tests.
    pub(crate) chatter: Option<Chatter>,
}

/// How many lines to print, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chatter {
    /// Lines a second, at least 1.
    pub(crate) rate: u32,
    /// Lines in all; without it the chatter goes on.
    pub(crate) total: Option<u64>,
}

/// A variable that holds something else than it should.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    name: &'static str,
    expected: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.name, self.expected)
    }
}

impl Config {
    /// Reads every variable through `lookup`; an empty value counts as unset.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let env = Env(|name: &str| lookup(name).filter(|value| !value.trim().is_empty()));
        Ok(Self {
            port: env.number("PORT", u16::MAX)?.unwrap_or(8080),
            service: (env.0)("SERVICE_NAME").unwrap_or_else(|| "sample".to_owned()),
            release: (env.0)("RELEASE_VERSION"),
            calls: env.calls()?,
            unhealthy: (env.0)("UNHEALTHY").is_some_and(|value| value == "1"),
            healthy_after: Duration::from_secs(
                env.number("HEALTHY_AFTER", 3600_u64)?.unwrap_or_default(),
            ),
            exit_at_start: env.number("EXIT_AT_START", u8::MAX)?,
            chatter: env.chatter()?,
        })
    }
}

struct Env<F>(F);

impl<F: Fn(&str) -> Option<String>> Env<F> {
    /// A whole number up to `max`, or nothing when the variable is unset.
    fn number<T>(&self, name: &'static str, max: T) -> Result<Option<T>, ConfigError>
    where
        T: std::str::FromStr + PartialOrd + fmt::Display + Copy,
    {
        let Some(text) = (self.0)(name) else {
            return Ok(None);
        };
        match text.trim().parse::<T>() {
            Ok(number) if number <= max => Ok(Some(number)),
            _ => Err(ConfigError {
                name,
                expected: format!("a whole number from 0 to {max}"),
            }),
        }
    }

    fn calls(&self) -> Result<Vec<Target>, ConfigError> {
        let wrong = |expected: String| ConfigError {
            name: "CALLS",
            expected,
        };
        let text = (self.0)("CALLS").unwrap_or_default();
        let urls: Vec<&str> = text.split(',').map(str::trim).collect();
        let targets = urls
            .into_iter()
            .filter(|url| !url.is_empty())
            .map(|url| {
                Target::parse(url).ok_or_else(|| {
                    wrong("addresses like http://name:8080/ separated by commas".to_owned())
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if targets.len() > MAX_CALLS {
            return Err(wrong(format!("at most {MAX_CALLS} addresses")));
        }
        Ok(targets)
    }

    fn chatter(&self) -> Result<Option<Chatter>, ConfigError> {
        let total = self.number("LOG_LINES", u64::MAX)?;
        let rate = self.number("LOG_RATE", MAX_LOG_RATE)?;
        Ok(rate
            .filter(|rate| *rate > 0)
            .map(|rate| Chatter { rate, total }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let config = read(&[("PORT", ""), ("CALLS", " ")]).unwrap();
        assert_eq!(config.port, 8080);
        assert_eq!(config.service, "sample");
        assert_eq!(config.calls, []);
        assert_eq!(config.exit_at_start, None);
        assert_eq!(config.chatter, None);
    }

    #[test]
    fn every_variable_is_read() {
        let config = read(&[
            ("PORT", "0"),
            ("SERVICE_NAME", "cart"),
            ("RELEASE_VERSION", "7"),
            ("CALLS", "http://a:1/x, http://b"),
            ("UNHEALTHY", "1"),
            ("HEALTHY_AFTER", "3"),
            ("EXIT_AT_START", "4"),
            ("LOG_RATE", "10"),
            ("LOG_LINES", "20"),
        ])
        .unwrap();
        assert_eq!(config.port, 0);
        assert_eq!(config.service, "cart");
        assert_eq!(config.release.as_deref(), Some("7"));
        assert_eq!(config.calls.len(), 2);
        assert!(config.unhealthy);
        assert_eq!(config.healthy_after, Duration::from_secs(3));
        assert_eq!(config.exit_at_start, Some(4));
        let chatter = Chatter {
            rate: 10,
            total: Some(20),
        };
        assert_eq!(config.chatter, Some(chatter));
    }

    #[test]
    fn a_wrong_value_is_named_with_what_is_right() {
        let message = |name, value| read(&[(name, value)]).unwrap_err().to_string();
        assert_eq!(
            message("PORT", "70000"),
            "PORT must be a whole number from 0 to 65535"
        );
        assert_eq!(
            message("EXIT_AT_START", "-1"),
            "EXIT_AT_START must be a whole number from 0 to 255"
        );
        assert_eq!(
            message("CALLS", "https://a"),
            "CALLS must be addresses like http://name:8080/ separated by commas"
        );
        let many = vec!["http://a"; MAX_CALLS + 1].join(",");
        assert_eq!(
            message("CALLS", &many),
            "CALLS must be at most 16 addresses"
        );
    }
}

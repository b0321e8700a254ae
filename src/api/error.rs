//! What can go wrong between the page and the platform, in words for people.

use wire::error::{ApiError, ErrorCode, FieldErrors};

/// Why a call brought no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The browser has no network.
    Offline,
    /// Nothing answered at the platform's address.
    Unreachable,
    /// No answer within so many seconds.
    Timeout(u32),
    /// The platform answered with an error.
    Refused(Box<ApiError>),
    /// The same, with the seconds until it may be asked again.
    Later(Box<ApiError>, u32),
    /// The platform answered with something that this page cannot read.
    Malformed(String),
    /// The platform is known not to have this: it was not asked.
    Absent,
}

impl Failure {
    /// What failed, and what to do next, in one or two sentences.
    pub fn words(&self) -> String {
        match self {
            Self::Offline => {
                "You are offline. The page goes on by itself once the network is back.".to_owned()
            }
            Self::Unreachable => {
                "The platform does not answer. It may be restarting: the page keeps trying."
                    .to_owned()
            }
            Self::Timeout(seconds) => {
                format!("The platform did not answer within {seconds} seconds. Try again.")
            }
            Self::Malformed(_) => {
                "The platform's reply could not be read. Reload the page: it may be older than \
                 the platform."
                    .to_owned()
            }
            Self::Absent => "This platform does not have that.".to_owned(),
            Self::Refused(error) => refusal(error),
            // Why a platform is not able to answer says what to do by itself.
            Self::Later(error, seconds) if error.status == 429 => {
                format!("{} Try again in {seconds} s.", refusal(error))
            }
            Self::Later(error, _) => refusal(error),
        }
    }

    /// The seconds that the platform asks to wait until it is asked again.
    pub fn wait(&self) -> Option<u32> {
        match self {
            Self::Later(_, seconds) => Some(*seconds),
            _ => None,
        }
    }

    /// What the platform answered with, if it answered with an error.
    fn answered(&self) -> Option<&ApiError> {
        match self {
            Self::Refused(error) | Self::Later(error, _) => Some(error),
            _ => None,
        }
    }

    /// What helps the people who run the platform to find the fault: the request's id, or what
    /// could not be read.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Malformed(what) => Some(what.clone()),
            _ => {
                let error = self.answered().filter(|error| error.status >= 500)?;
                let id = error.request_id.as_ref()?;
                Some(format!("Request {id}, status {}", error.status))
            }
        }
    }

    /// Whether the session has ended, or never was.
    pub fn is_signed_out(&self) -> bool {
        self.status() == Some(401)
    }

    /// Whether what was asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether what should be changed is no longer as it was read.
    pub fn is_stale(&self) -> bool {
        self.status() == Some(412)
    }

    /// Whether the question itself is wrong: asked again, it is refused again.
    pub fn is_invalid(&self) -> bool {
        self.status() == Some(422)
    }

    /// The faults by field. A taken name or domain is a fault of its field, whether or not the
    /// platform says so.
    pub fn field_errors(&self) -> FieldErrors {
        let Some(error) = self.answered() else {
            return FieldErrors::default();
        };
        if !error.errors.is_empty() {
            return error.errors.clone();
        }
        match error.code.known() {
            Some(ErrorCode::NameTaken) => FieldErrors::one("name", error.message.clone()),
            Some(ErrorCode::DomainTaken) => FieldErrors::one("domains", error.message.clone()),
            _ => FieldErrors::default(),
        }
    }

    fn status(&self) -> Option<u16> {
        self.answered().map(|error| error.status)
    }
}

fn refusal(error: &ApiError) -> String {
    match error.status {
        401 => "You are signed out. Sign in again.".to_owned(),
        _ => error.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::envelope::decode_error;

    fn refused(status: u16, body: &str) -> Failure {
        Failure::Refused(Box::new(decode_error(status, body.as_bytes())))
    }

    #[test]
    fn a_taken_name_is_a_fault_of_the_name() {
        let failure = refused(
            409,
            r#"{"message":"The name is taken.","code":"name_taken"}"#,
        );
        assert_eq!(failure.field_errors().of("name"), ["The name is taken."]);
    }

    #[test]
    fn the_platforms_own_faults_win() {
        let body = r#"{"message":"m","code":"domain_taken","errors":{"domains.1":["Taken."]}}"#;
        let errors = refused(409, body).field_errors();
        assert_eq!(errors.of("domains.1"), ["Taken."]);
        assert!(errors.of("domains").is_empty());
    }

    #[test]
    fn a_fault_of_the_platform_names_its_request() {
        let failure = refused(500, r#"{"message":"It broke.","request_id":"r-1"}"#);
        assert_eq!(failure.detail().as_deref(), Some("Request r-1, status 500"));
        assert_eq!(failure.words(), "It broke.");
    }

    #[test]
    fn a_question_that_is_wrong_is_told_apart_from_a_platform_that_fails() {
        let body = r#"{"message":"m","errors":{"start":["The start must be before the end."]}}"#;
        assert!(refused(422, body).is_invalid());
        assert!(!refused(503, body).is_invalid());
        assert!(!Failure::Timeout(10).is_invalid());
    }

    #[test]
    fn how_long_to_wait_is_told() {
        let error = decode_error(429, br#"{"message":"Too many attempts."}"#);
        let failure = Failure::Later(Box::new(error), 12);
        assert_eq!(failure.wait(), Some(12));
        assert_eq!(failure.words(), "Too many attempts. Try again in 12 s.");
        assert!(!failure.is_invalid() && !failure.is_signed_out());
    }

    #[test]
    fn a_proxys_page_is_told_apart() {
        assert!(refused(502, "<html>").words().contains("on the way"));
    }
}

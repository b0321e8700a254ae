//! What the provider is asked with: one request at a time, to its end, within bounds.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use tokio::time::timeout;

use crate::outbound::{self, Client, whole_story};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an answer may take, from the first byte of the request to the last of the answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How long a connection is kept that is not used.
const KEPT: Duration = Duration::from_secs(30);
/// The longest answer, in bytes: metadata and keys take some KB.
const LONGEST: usize = 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("it names an address without TLS")]
    Open,
    #[error("{0}")]
    Broken(String),
    #[error("it takes longer than {} s", ANSWER.as_secs())]
    Silent,
    #[error("it is longer than {LONGEST} bytes")]
    Long,
}

/// Asks the provider.
pub(super) struct Asker {
    client: Client,
    /// Whether nothing is sent to it in the clear.
    only_tls: bool,
}

impl Asker {
    pub(super) fn new(only_tls: bool) -> io::Result<Self> {
        Ok(Self {
            client: outbound::client(only_tls, CONNECT, KEPT)?,
            only_tls,
        })
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, AskError> {
        if self.only_tls && request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Err(AskError::Open);
        }
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let answer = async {
            let answer = self.client.request(request).await;
            let answer = answer.map_err(|error| AskError::Broken(whole_story(&error)))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, LONGEST).collect().await;
            let body = body.map_err(|error| match error.is::<LengthLimitError>() {
                true => AskError::Long,
                false => AskError::Broken(error.to_string()),
            })?;
            Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
        };
        timeout(ANSWER, answer)
            .await
            .unwrap_or(Err(AskError::Silent))
    }
}

impl<'c> AsyncHttpClient<'c> for Asker {
    type Error = AskError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AskError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

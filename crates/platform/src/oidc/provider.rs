//! What is asked of the provider: where it is, and whom it vouches for.

use std::error::Error;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, CsrfToken, DiscoveryError,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SignatureVerificationError,
    TokenResponse, UserInfoError,
};
use pilothouse_wire::email::Email;
use pilothouse_wire::endpoint::BASE;

use super::ask::AskError;
use super::{Account, Begun, CALLBACK, Fault, Oidc};
use crate::outbound::whole_story;

/// How long is relied on what the provider says of itself and its keys.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// How long it is left alone that has not answered.
const PAUSE: Duration = Duration::from_secs(5);

/// How tokens may be signed: with a key that the provider alone has.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What is known of the provider.
#[derive(Default)]
pub(super) struct Known {
    metadata: Option<(CoreProviderMetadata, Instant)>,
    /// When and why it did not answer.
    failed: Option<(String, Instant)>,
}

/// A client of a provider that is known.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Oidc {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// The provider does not say where people sign in.
    pub(crate) async fn begin(&self) -> Result<Begun, Fault> {
        let client = self.client(FRESH).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (address, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok(Begun {
            address: address.into(),
            state,
            nonce,
            verifier,
        })
    }

    /// Whom the provider vouches for with a code that a browser brought.
    ///
    /// # Errors
    /// It does not answer, or not with what can be trusted.
    pub(crate) async fn account(
        &self,
        code: String,
        nonce: &Nonce,
        verifier: PkceCodeVerifier,
    ) -> Result<Account, Fault> {
        let mut client = self.client(FRESH).await?;
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|error| failed(&error))?;
        let tokens = request.set_pkce_verifier(verifier);
        let tokens = tokens.request_async(&self.asker).await;
        let tokens = tokens.map_err(|error| match error {
            RequestTokenError::Request(error) => Fault::Unavailable(error.to_string()),
            error => failed(&error),
        })?;
        let token = tokens.id_token();
        let token = token.ok_or_else(|| Fault::Failed("there is no ID token".to_owned()))?;
        let mut claims = claims(&client, token, nonce);
        if is_of_unknown_key(&claims) {
            client = self.client(Duration::ZERO).await?;
            claims = self::claims(&client, token, nonce);
        }
        let claims = claims.map_err(|error| failed(&error))?;
        let mut email = (claims.email().cloned(), claims.email_verified());
        // Not every provider puts the address into the token.
        if email.0.is_none()
            && let Ok(request) = client.user_info(
                tokens.access_token().clone(),
                Some(claims.subject().clone()),
            )
        {
            let told = request.request_async(&self.asker).await;
            let told: CoreUserInfoClaims = told.map_err(|error| match error {
                UserInfoError::Request(error) => Fault::Unavailable(error.to_string()),
                error => failed(&error),
            })?;
            email = (told.email().cloned(), told.email_verified());
        }
        let vouched = match email {
            (Some(email), Some(true)) => Email::new(&email).ok(),
            _ => None,
        };
        Ok(Account {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            email: vouched,
        })
    }

    /// A client of the provider as it was known so long ago at the most.
    async fn client(&self, fresh: Duration) -> Result<Client, Fault> {
        let metadata = self.metadata(fresh).await?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        // Where nothing is said, the specification lets it take the first of these.
        let takes_basic = methods
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let settings = &self.settings;
        let back = RedirectUrl::new(format!("{}{BASE}{CALLBACK}", settings.public));
        let back = back.map_err(|error| failed(&error))?;
        Ok(CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(settings.client_id.clone()),
            settings.client_secret.clone(),
        )
        .set_redirect_uri(back)
        .set_auth_type(match takes_basic {
            true => AuthType::BasicAuth,
            false => AuthType::RequestBody,
        }))
    }

    /// What the provider says of itself. Whoever asks meanwhile waits for the same answer.
    async fn metadata(&self, fresh: Duration) -> Result<CoreProviderMetadata, Fault> {
        let mut known = self.known.lock().await;
        if let Some((metadata, read)) = &known.metadata
            && read.elapsed() < fresh
        {
            return Ok(metadata.clone());
        }
        if let Some((why, when)) = &known.failed
            && when.elapsed() < PAUSE
        {
            return Err(Fault::Unavailable(why.clone()));
        }
        let issuer = self.settings.issuer.url().clone();
        match CoreProviderMetadata::discover_async(issuer, &self.asker).await {
            Ok(metadata) => {
                known.failed = None;
                known.metadata = Some((metadata.clone(), Instant::now()));
                Ok(metadata)
            }
            Err(error) => {
                let why = unread(&error);
                tracing::warn!(issuer = %self.settings.issuer, why, "the provider of identities can't be read");
                known.failed = Some((why.clone(), Instant::now()));
                Err(Fault::Unavailable(why))
            }
        }
    }
}

/// What the token says, if its signature, issuer, audience, time and nonce are right.
fn claims<'t>(
    client: &Client,
    token: &'t CoreIdToken,
    nonce: &Nonce,
) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    token.claims(&verifier, nonce)
}

/// Whether the provider may have changed its keys since they were read.
fn is_of_unknown_key(claims: &Result<&CoreIdTokenClaims, ClaimsVerificationError>) -> bool {
    let unknown = SignatureVerificationError::NoMatchingKey;
    matches!(claims, Err(ClaimsVerificationError::SignatureVerification(why)) if *why == unknown)
}

fn failed(error: &(dyn Error + 'static)) -> Fault {
    Fault::Failed(whole_story(error))
}

/// Why the provider can't be read, without what it sent.
fn unread(error: &DiscoveryError<AskError>) -> String {
    match error {
        DiscoveryError::Response(status, _, _) => format!("it answers {status}"),
        error => whole_story(error),
    }
}

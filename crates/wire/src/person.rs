//! People of an org, the roles they have there, and the links by which they come in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decode::{DecodeFields, Fields};
use crate::email::Email;
use crate::patch::Patch;
use crate::session::{Grant, Role};
use crate::text::Name;

/// Roles that one person may have in one org.
pub const MAX_ROLES: usize = 100;

/// Somebody who has a role in an org.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// UUID.
    pub id: String,
    /// What they are called in the history of what they do.
    pub name: String,
    /// The address by which a provider of identities knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their roles in this org, and on the platform as a whole.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// When they first came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When one of their browsers last asked for something; absent where none is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<DateTime<Utc>>,
}

/// A role in an org, as a request asks for it: in the whole org, a project, or one of its
/// environments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleAt {
    /// What may be done there.
    pub role: Role,
    /// Id or slug; left out: the whole org.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Id or slug; left out: the whole project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

impl RoleAt {
    /// A role in a whole org.
    pub fn whole(role: Role) -> Self {
        Self {
            role,
            project: None,
            environment: None,
        }
    }
}

impl DecodeFields for RoleAt {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let role = fields.required("role", "Choose a role.");
        let project: Option<Option<String>> = fields.optional("project");
        let environment: Option<Option<String>> = fields.optional("environment");
        if matches!((&project, &environment), (Some(None), Some(Some(_)))) {
            fields.fault("project", "Say which project the environment is of.");
        }
        Some(Self {
            role: role?,
            project: project?,
            environment: environment?,
        })
    }
}

/// The body that changes somebody's name, address or roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonPatch {
    /// What they are called from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The address by which a provider of identities knows them from now on; `null`: by none. Who has
    /// come in by it already is known by their account there, whatever its address.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub email: Patch<Email>,
    /// All roles that they have in this org from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<RoleAt>>,
}

impl DecodeFields for PersonPatch {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.replacement("name");
        let email = fields.patch("email");
        let grants: Option<Option<Vec<RoleAt>>> = fields.optional("grants");
        if let Some(Some(grants)) = &grants {
            if grants.is_empty() {
                let words = "Give at least one role, or remove the person from the org.";
                fields.fault("grants", words);
            } else if grants.len() > MAX_ROLES {
                fields.fault("grants", "At most 100 roles for one person in one org.");
            }
        }
        Some(Self {
            name: name?,
            email: email?,
            grants: grants?,
        })
    }
}

/// The body that invites somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationCreate {
    /// What they will be called in the history of what they do.
    pub name: Name,
    /// The address by which a provider of identities knows them. Whoever signs in there with it needs
    /// no link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub email: Option<Email>,
    /// The role that they come in with.
    #[serde(flatten)]
    pub at: RoleAt,
}

impl DecodeFields for InvitationCreate {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "Say who is invited.");
        let email = fields.optional("email");
        let at = RoleAt::decode_fields(fields);
        Some(Self {
            name: name?,
            email: email?,
            at: at?,
        })
    }
}

/// An invitation that nobody has taken up yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// UUID.
    pub id: String,
    /// Who is invited.
    pub name: String,
    /// The address by which a provider of identities knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The role that they come in with.
    pub grant: Grant,
    /// Who invited them.
    #[serde(default)]
    pub created_by: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// Until when the link can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
}

/// What opens the door once: the only time that it is seen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignInLink {
    /// Who comes in by it.
    pub name: String,
    /// What `POST /auth/session` takes as `token`: in the console's address `/connect#token=…`.
    pub token: String,
    /// Until when it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for SignInLink {
    /// Never shows the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInLink")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

//! The OpenAPI 3.1 document, made from the mounted endpoints' own types.

use pilothouse_wire::endpoint::{Access, BodyRule, Endpoint, Query};
use pilothouse_wire::envelope::{Dialect, ErrorEnvelope};
use pilothouse_wire::error::ApiError;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

/// The document while endpoints are added to it.
#[derive(Default)]
pub(super) struct Document {
    paths: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Document {
    /// Describes `E` under one of its templates.
    pub(super) fn add<E>(&mut self, dialect: Dialect, template: &str)
    where
        E: Endpoint,
        E::Body: ToSchema,
        E::Reply: ToSchema,
    {
        let reply = self.schema::<E::Reply>();
        let (reply, error, suffix) = match dialect {
            Dialect::Workspace => (
                enveloped(&reply),
                self.named::<ErrorEnvelope>(),
                ".workspace",
            ),
            Dialect::Environment => (reply, self.named::<ApiError>(), ""),
        };
        let success = E::SUCCESS.to_string();
        let mut operation = json!({
            "operationId": format!("{}{suffix}", E::NAME),
            "summary": E::SUMMARY,
            "tags": [E::NAME.split('.').next().unwrap_or_default()],
            "parameters": parameters::<E>(template),
            "responses": {
                success: answered("Success.", &reply),
                "default": answered("An error: what failed and what to do next.", &error),
            },
        });
        if E::BODY != BodyRule::None {
            operation["requestBody"] = json!({
                "required": E::BODY == BodyRule::Required,
                "content": {"application/json": {"schema": self.schema::<E::Body>()}},
            });
        }
        if E::ACCESS == Access::Public {
            operation["security"] = json!([]);
        }
        let path = self.paths.entry(template).or_insert_with(|| json!({}));
        path[E::METHOD.name().to_ascii_lowercase()] = operation;
    }

    /// The whole document.
    pub(super) fn finish(self) -> Value {
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Pilothouse",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "A container-service platform. A trailing slash is optional everywhere.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "paths": self.paths,
            "components": {
                "schemas": self.schemas,
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "pilothouse_session"},
                },
            },
            "security": [{"bearer": []}, {"key": []}, {"session": []}],
        })
    }

    /// A type's schema, with the schemas it refers to noted beside.
    fn schema<T: ToSchema>(&mut self) -> Value {
        let mut referred = Vec::new();
        T::schemas(&mut referred);
        for (name, schema) in referred {
            self.schemas.entry(name).or_insert_with(|| value(&schema));
        }
        value(&T::schema())
    }

    /// A reference to a type's schema, which is noted under its name.
    fn named<T: ToSchema + PartialSchema>(&mut self) -> Value {
        let name = T::name().into_owned();
        if !self.schemas.contains_key(&name) {
            let schema = self.schema::<T>();
            self.schemas.insert(name.clone(), schema);
        }
        json!({"$ref": format!("#/components/schemas/{name}")})
    }
}

fn value(schema: &impl serde::Serialize) -> Value {
    // Schemas are plain data: they always serialise.
    serde_json::to_value(schema).unwrap_or_default()
}

fn enveloped(data: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["data", "message", "status"],
        "properties": {
            "data": data,
            "message": {"type": "string"},
            "status": {"type": "string", "const": "success"},
        },
    })
}

fn answered(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn parameters<E: Endpoint>(template: &str) -> Value {
    let path = template.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({
            "name": name, "in": "path", "required": true,
            "description": "Id or slug.", "schema": {"type": "string"},
        }))
    });
    let query = E::Query::parameters().iter().map(|(name, description)| {
        json!({"name": name, "in": "query", "description": description, "schema": {"type": "string"}})
    });
    path.chain(query).collect()
}

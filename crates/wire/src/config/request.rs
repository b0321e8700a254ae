//! The bodies that change a level's config.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::MASK;
use crate::conceal::HIDDEN;
use crate::decode::{DecodeFields, Fields};
use crate::text::{VariableName, VariableValue};

/// How much one request may hold.
pub mod limits {
    /// Variables that a level holds, and that one request may set.
    pub const VARIABLES: usize = crate::service::limits::VARIABLES;
    /// Bytes of a pasted `.env`.
    pub const RAW_BYTES: usize = 512 * 1024;
}

/// Why what stands in for a value can't be set as one.
pub const MASKED: &str = "This is what stands in for a value that is not shown. Give the value itself, or leave it as it is.";

/// Whether a text is what reads show in the place of a value.
pub fn stands_in(value: &str) -> bool {
    [MASK, HIDDEN].contains(&value)
}

/// The body that creates or replaces one variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetVariable {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub name: VariableName,
    /// Its value: anything but [`MASK`] and [`HIDDEN`].
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub value: VariableValue,
    /// Whether it can't be read back. Left out: in a bulk what that says for all, else as it is; of a
    /// new variable `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// Whether builds receive it, and instances do not. Left out: as for `secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buildtime: Option<bool>,
}

impl DecodeFields for SetVariable {
    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "Give the variable a name.");
        let value: Option<VariableValue> = fields.required("value", "Give the variable a value.");
        let secret = fields.optional("secret");
        let buildtime = fields.optional("buildtime");
        if value
            .as_ref()
            .is_some_and(|value| stands_in(value.as_str()))
        {
            fields.fault("value", MASKED);
        }
        Some(Self {
            name: name?,
            value: value?,
            secret: secret?,
            buildtime: buildtime?,
        })
    }
}

/// The body that sets and removes many variables at once, all or nothing. A bare list of variables,
/// or an object with a map of names and values, is read too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bulk {
    /// Variables to create or replace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(schema_with = listed_or_mapped))]
    pub variables: Vec<SetVariable>,
    /// The text of a `.env` file to take in besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Names to remove.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub delete: Vec<VariableName>,
    /// What holds for variables that do not say themselves whether they are secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// The same for build-time variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buildtime: Option<bool>,
}

/// The shapes of the variables of a [`Bulk`].
#[cfg(feature = "openapi")]
fn listed_or_mapped() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    use utoipa::PartialSchema as _;
    use utoipa::openapi::{Object, ObjectBuilder, OneOfBuilder, Schema, Type};
    let map = ObjectBuilder::new()
        .description(Some("Values by name."))
        .additional_properties(Some(String::schema()));
    let shapes = OneOfBuilder::new()
        .description(Some("Variables to create or replace."))
        .item(Vec::<SetVariable>::schema())
        .item(map)
        .item(Object::with_type(Type::Null));
    Schema::OneOf(shapes.build()).into()
}

impl DecodeFields for Bulk {
    fn lift(body: Value) -> Value {
        match body {
            Value::Array(_) => json!({"variables": body}),
            Value::Object(mut fields) => {
                if let Some(Value::Object(map)) = fields.get_mut("variables") {
                    let list = std::mem::take(map).into_iter().map(listed).collect();
                    fields.insert("variables".to_owned(), Value::Array(list));
                }
                Value::Object(fields)
            }
            other => other,
        }
    }

    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let variables: Option<Vec<SetVariable>> = fields.or_default("variables");
        let raw: Option<Option<String>> = fields.optional("raw");
        let delete: Option<Vec<VariableName>> = fields.or_default("delete");
        let secret = fields.optional("secret");
        let buildtime = fields.optional("buildtime");
        let many = |count: usize| count > limits::VARIABLES;
        if variables.as_ref().is_some_and(|list| many(list.len())) {
            fields.fault("variables", "At most 500 variables at once.");
        }
        if delete.as_ref().is_some_and(|list| many(list.len())) {
            fields.fault("delete", "At most 500 variables at once.");
        }
        if let Some(Some(text)) = &raw
            && text.len() > limits::RAW_BYTES
        {
            fields.fault("raw", "A .env text holds at most 512 KiB.");
        }
        let bulk = Self {
            variables: variables?,
            raw: raw?,
            delete: delete?,
            secret: secret?,
            buildtime: buildtime?,
        };
        bulk.refuse_doubles(fields);
        Some(bulk)
    }
}

impl Bulk {
    /// One request must not say two things of one name.
    fn refuse_doubles(&self, fields: &mut Fields<'_>) {
        let mut said = std::collections::BTreeSet::new();
        for (index, variable) in self.variables.iter().enumerate() {
            if !said.insert(variable.name.as_str()) {
                fields.fault(
                    &format!("variables.{index}.name"),
                    "This name is in the list twice.",
                );
            }
        }
        for (index, name) in self.delete.iter().enumerate() {
            if !said.insert(name.as_str()) {
                fields.fault(
                    &format!("delete.{index}"),
                    "This name is in the request twice.",
                );
            }
        }
    }
}

fn listed((name, value): (String, Value)) -> Value {
    let mut variable = Map::new();
    variable.insert("name".to_owned(), Value::String(name));
    variable.insert("value".to_owned(), value);
    Value::Object(variable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode_body;
    use crate::envelope::Dialect;

    fn read(body: Value) -> Result<Bulk, Vec<String>> {
        decode_body(body, Dialect::Environment)
            .map_err(|errors| errors.iter().map(|(field, _)| field.to_owned()).collect())
    }

    #[test]
    fn a_bulk_has_three_shapes() {
        let list = read(json!([{"name": "A", "value": "1", "secret": true}])).unwrap();
        assert_eq!(list.variables[0].secret, Some(true));
        let map = read(json!({"variables": {"A": "1", "B": "2"}})).unwrap();
        assert_eq!(map.variables.len(), 2);
        let raw = read(json!({"raw": "A=1", "buildtime": true})).unwrap();
        assert_eq!(raw.raw.as_deref(), Some("A=1"));
    }

    #[test]
    fn each_fault_is_named_where_it_is() {
        let faults = read(json!({
            "variables": [{"name": "1", "value": "a"}, {"name": "A", "value": MASK}],
        }));
        assert_eq!(
            faults.unwrap_err(),
            ["variables.0.name", "variables.1.value"]
        );
        let twice = json!({"variables": {"A": "1"}, "delete": ["A", "B"]});
        assert_eq!(read(twice).unwrap_err(), ["delete.0"]);
        assert_eq!(read(json!({"variables": 3})).unwrap_err(), ["variables"]);
        assert_eq!(read(json!("A=1")).unwrap_err(), [""]);
        let long = json!({"variables": {"A": "x".repeat(64 * 1024 + 1)}});
        assert_eq!(read(long).unwrap_err(), ["variables.0.value"]);
    }
}

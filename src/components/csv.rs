//! Tables for other programs, as RFC 4180 has them.

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// One field. What strangers wrote must not become a formula of whoever opens the file.
fn write_field(field: &str, text: &mut String) {
    let is_formula = field.starts_with(FORMULA);
    let is_plain = !is_formula && !field.contains([',', '"', '\n', '\r']);
    if is_plain {
        text.push_str(field);
        return;
    }
    text.push('"');
    if is_formula {
        text.push('\'');
    }
    text.push_str(&field.replace('"', "\"\""));
    text.push('"');
}

/// A record of several fields, with its end.
pub fn write_record<'a>(fields: impl IntoIterator<Item = &'a str>, text: &mut String) {
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        write_field(field, text);
    }
    text.push_str("\r\n");
}

//! Requests as a table for other programs.

use chrono::SecondsFormat;
use wire::access::AccessRow;

use crate::components::csv::write_record;

/// The names of the columns.
const HEAD: &str =
    "time,method,status,path,host,duration_ms,bytes_in,bytes_out,client,instance,request_id\r\n";

/// Writes requests as RFC 4180 has it, one on a line.
pub fn csv<'a>(rows: impl Iterator<Item = &'a AccessRow>) -> String {
    let mut text = HEAD.to_owned();
    for row in rows {
        let at = row.timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let numbers = [row.status.to_string(), row.duration_ms.to_string()];
        let sizes = [row.bytes_in.to_string(), row.bytes_out.to_string()];
        let [status, duration] = &numbers;
        let [received, sent] = &sizes;
        let fields = [
            &at,
            &row.method,
            status,
            &row.path,
            &row.host,
            duration,
            received,
            sent,
            &row.client,
            &row.instance,
            &row.request_id,
        ];
        write_record(fields.map(String::as_str), &mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::service::requests::book::tests::row;

    #[test]
    fn a_request_is_a_line() {
        let access = AccessRow {
            host: "shop.localhost".to_owned(),
            request_id: "r-1".to_owned(),
            ..row(502, 12.5).access
        };
        let text = csv([&access].into_iter());
        let line = "2026-04-22T15:30:00Z,GET,502,/0,shop.localhost,12.5,0,0,,,r-1\r\n";
        assert_eq!(text, format!("{HEAD}{line}"));
    }

    #[test]
    fn what_visitors_sent_stays_one_field_and_no_formula() {
        let access = AccessRow {
            path: "/a,\"b\"\n".to_owned(),
            request_id: "=HYPERLINK(\"x\")".to_owned(),
            ..row(200, 1.0).access
        };
        let text = csv([&access].into_iter());
        assert!(text.contains(",\"/a,\"\"b\"\"\n\","), "{text}");
        assert!(text.ends_with(",\"'=HYPERLINK(\"\"x\"\")\"\r\n"), "{text}");
    }
}

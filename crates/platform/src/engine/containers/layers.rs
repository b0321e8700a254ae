//! How much of an image's layers has arrived, from what the engine says of each.

use std::collections::HashMap;

use bollard::models::CreateImageInfo;

/// Bytes here, and bytes in all where that is known, by layer.
#[derive(Debug, Default)]
pub(super) struct Layers(HashMap<String, (u64, Option<u64>)>);

impl Layers {
    /// Takes account of one step of a pull. Layers that are unpacked are here in full: the numbers
    /// of that are of another kind.
    pub(super) fn take(&mut self, step: &CreateImageInfo) {
        let Some(id) = &step.id else { return };
        match step.status.as_deref() {
            Some("Downloading") => {
                let detail = step.progress_detail.as_ref();
                let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
                let current = detail.and_then(|detail| bytes(detail.current));
                let total = detail.and_then(|detail| bytes(detail.total));
                self.0.insert(id.clone(), (current.unwrap_or(0), total));
            }
            Some("Verifying Checksum" | "Download complete" | "Extracting" | "Pull complete") => {
                if let Some((done, total)) = self.0.get_mut(id) {
                    *done = total.unwrap_or(*done);
                    *total = Some(*done);
                }
            }
            _ => {}
        }
    }

    /// Bytes here and, where it is known of each, bytes in all; of the layers that are named.
    pub(super) fn sum(&self) -> (u64, Option<u64>) {
        let done = self.0.values().map(|(done, _)| done).sum();
        let total = self.0.values().map(|(_, total)| *total).sum();
        (done, total)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn layers_add_up_and_unpacking_does_not_count_again() {
        let mut layers = Layers::default();
        let mut say = |id: &str, status: &str, detail: serde_json::Value| {
            let step = json!({"id": id, "status": status, "progressDetail": detail});
            layers.take(&from_value(step).unwrap());
            layers.sum()
        };
        assert_eq!(say("16", "Pulling from library/shop", json!({})).0, 0);
        assert_eq!(say("aa", "Pulling fs layer", json!({})).0, 0);
        let half = json!({"current": 500, "total": 1_000});
        assert_eq!(say("aa", "Downloading", half), (500, Some(1_000)));
        let open = json!({"current": 70, "total": -1});
        assert_eq!(say("bb", "Downloading", open), (570, None));
        assert_eq!(
            say("bb", "Download complete", json!({})),
            (570, Some(1_070))
        );
        assert_eq!(
            say("aa", "Download complete", json!({})),
            (1_070, Some(1_070))
        );
        let unpacked = json!({"current": 9, "total": 4_000});
        assert_eq!(say("aa", "Extracting", unpacked), (1_070, Some(1_070)));
    }
}

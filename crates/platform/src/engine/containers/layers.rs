//! How much of an image's layers has arrived, from what the engine says of each.

use std::collections::HashMap;

use bollard::models::CreateImageInfo;

/// Bytes here and bytes in all, by layer.
#[derive(Debug, Default)]
pub(super) struct Layers(HashMap<String, (u64, u64)>);

impl Layers {
    /// Takes account of one step of a pull. Layers that are unpacked are here in full: the numbers
    /// of that are of another kind.
    pub(super) fn take(&mut self, step: &CreateImageInfo) {
        let Some(id) = &step.id else { return };
        match step.status.as_deref() {
            Some("Downloading") => {
                let detail = step.progress_detail.as_ref();
                let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
                let current = detail.and_then(|detail| bytes(detail.current)).unwrap_or(0);
                let total = detail.and_then(|detail| bytes(detail.total)).unwrap_or(0);
                self.0.insert(id.clone(), (current, total.max(current)));
            }
            Some("Verifying Checksum" | "Download complete" | "Extracting" | "Pull complete") => {
                if let Some((done, total)) = self.0.get_mut(id) {
                    *done = *total;
                }
            }
            _ => {}
        }
    }

    /// Bytes here and bytes in all, of the layers that are known.
    pub(super) fn sum(&self) -> (u64, u64) {
        let add = |(done, total): (u64, u64), layer: &(u64, u64)| (done + layer.0, total + layer.1);
        self.0.values().fold((0, 0), add)
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
        assert_eq!(say("16", "Pulling from library/shop", json!({})), (0, 0));
        assert_eq!(say("aa", "Pulling fs layer", json!({})), (0, 0));
        let half = json!({"current": 500, "total": 1_000});
        assert_eq!(say("aa", "Downloading", half), (500, 1_000));
        let all = json!({"current": 70, "total": 70});
        assert_eq!(say("bb", "Downloading", all), (570, 1_070));
        assert_eq!(say("aa", "Download complete", json!({})), (1_070, 1_070));
        let unpacked = json!({"current": 9, "total": 4_000});
        assert_eq!(say("aa", "Extracting", unpacked), (1_070, 1_070));
        let odd = json!({"current": -1});
        assert_eq!(say("bb", "Downloading", odd), (1_000, 1_000));
    }
}

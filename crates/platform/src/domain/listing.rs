//! Services as lists tell them: each written once for as long as what is told of it stays true.

use std::sync::{Arc, Mutex, PoisonError};

use pilothouse_wire::status::StatusSummary;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::Result;
use crate::store::{Listed, StoreError};

/// A service's JSON, and the status that it tells. The rest of it changes only with the [`Listed`]
/// that holds it.
#[derive(Debug, Default)]
pub(crate) struct Written(Mutex<Option<(StatusSummary, Arc<RawValue>)>>);

impl Written {
    /// The JSON with this status, written by `tell` if it is not there yet.
    fn get<T: Serialize>(
        &self,
        status: StatusSummary,
        tell: impl FnOnce(StatusSummary) -> T,
    ) -> serde_json::Result<Arc<RawValue>> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((told, json)) = &*written
            && *told == status
        {
            return Ok(Arc::clone(json));
        }
        let json: Arc<RawValue> = to_raw_value(&tell(status.clone()))?.into();
        *written = Some((status, Arc::clone(&json)));
        Ok(json)
    }
}

/// A list in JSON.
#[derive(Debug)]
pub(crate) struct Listing(Vec<Arc<RawValue>>);

impl Listing {
    /// Writes what is not written yet. What not everybody may read is written apart.
    pub(super) fn write<T: Serialize>(
        listed: &[Arc<Listed>],
        readable: bool,
        status: impl Fn(&Listed) -> StatusSummary,
        tell: impl Fn(&Listed, StatusSummary) -> T,
    ) -> Result<Self> {
        let write = |one: &Arc<Listed>| {
            let written = if readable {
                &one.written
            } else {
                &one.concealed
            };
            written.get(status(one), |status| tell(one, status))
        };
        let written: serde_json::Result<_> = listed.iter().map(write).collect();
        Ok(Self(written.map_err(StoreError::from)?))
    }
}

impl Serialize for Listing {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|json| &**json))
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_wire::open::Open;
    use pilothouse_wire::status::ServiceState;
    use serde_json::json;

    use super::*;

    fn status(ready: u32) -> StatusSummary {
        StatusSummary {
            state: Open::Known(ServiceState::Running),
            desired: 2,
            ready,
            since: None,
            message: None,
        }
    }

    #[test]
    fn what_stays_true_is_written_once() {
        let written = Written::default();
        let first = written.get(status(1), |status| json!({"status": status}));
        let again = written.get(status(1), |_| -> u8 { panic!("written again") });
        assert!(Arc::ptr_eq(&first.unwrap(), &again.unwrap()));
        let changed = written.get(status(2), |status| json!({"status": status}));
        let list = serde_json::to_value(Listing(vec![changed.unwrap()])).unwrap();
        assert_eq!(list[0]["status"]["ready"], 2);
    }
}

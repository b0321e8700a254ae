//! What was read of logs and takes room in memory, until whoever asked has it.

use std::ops::Deref;

use tokio::sync::OwnedSemaphorePermit;

/// The room that an answer takes, given back when this is dropped.
#[derive(Debug)]
pub struct Room(
    #[expect(dead_code, reason = "it is what counts that it is held")] OwnedSemaphorePermit,
);

impl Room {
    /// So much of what was taken, in bytes; the rest is given back.
    pub(super) fn of(mut taken: OwnedSemaphorePermit, size: usize) -> Self {
        let size = size.min(taken.num_permits());
        Self(taken.split(size).unwrap_or(taken))
    }
}

/// What was read, and its room.
#[derive(Debug)]
pub struct Held<T> {
    value: T,
    room: Room,
}

impl<T> Held<T> {
    pub(super) fn new(value: T, room: Room) -> Self {
        Self { value, room }
    }

    /// The same in another shape, that takes no more.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Held<U> {
        Held {
            value: change(self.value),
            room: self.room,
        }
    }

    /// What was read, and the room that is to be held for as long as it is in memory.
    pub fn into_parts(self) -> (T, Room) {
        (self.value, self.room)
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

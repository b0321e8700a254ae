//! A fixed room for lines: their text from the front, an entry of eight bytes a line from the back.
//!
//! All rooms have one size, so that the one that goes leaves exactly the place of the next: wasm
//! memory never shrinks, and this keeps it from growing. Only a line that is longer than a room has
//! one of its own.

/// The size of a room in bytes.
pub const ROOM: usize = 256 * 1024;

/// What a line takes beside its text.
pub const ENTRY: usize = 8;

/// The bits of an entry, from the lowest: where the text ends, whose line it is, three marks, and
/// nanoseconds since the anchor.
const END: u64 = (1 << 19) - 1;
const OWNER_AT: u32 = 19;
const OWNER: u64 = (OWNERS as u64 - 1) << OWNER_AT;
const STDERR: u64 = 1 << 29;
const PLAIN: u64 = 1 << 30;
const ESCAPES: u64 = 1 << 31;
const SINCE_AT: u32 = 32;

/// The most owners that an entry tells apart.
pub const OWNERS: u16 = 1 << 10;

/// What is known of a line beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// Whose line it is.
    pub owner: u16,
    /// Whether it came over standard error.
    pub is_error: bool,
}

/// What an entry tells without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whose line it is.
    pub owner: u16,
    /// Whether it came over standard error.
    pub is_error: bool,
    /// Whether each byte is one visible character.
    pub is_plain: bool,
    /// Whether it holds what tools write for terminals.
    pub has_escapes: bool,
}

/// From this line on, times count from here: four seconds fit an entry.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    line: u32,
    at: i64,
}

/// Where the texts of several lines end.
#[derive(Clone, Copy, Debug)]
pub struct Ends<'a> {
    /// The newest line's first.
    entries: &'a [[u8; ENTRY]],
}

impl Ends<'_> {
    /// Where the text of a line ends.
    #[inline]
    fn get(&self, line: usize) -> Option<usize> {
        let place = self.entries.len().checked_sub(line + 1)?;
        self.entries.get(place).map(end)
    }

    /// The line from `line` on in whose text a byte is, and where that ends. One after another: the
    /// next one that is found is often near, and a far one is reached in longer steps.
    #[inline]
    pub fn of(&self, mut line: usize, at: usize) -> Option<(usize, usize)> {
        const NEAR: usize = 16;
        loop {
            let left = self.entries.len().checked_sub(line)?;
            let near = self.entries.get(left.saturating_sub(NEAR)..left)?;
            let mut ends = near.iter().rev().map(end).enumerate();
            if let Some((further, end)) = ends.find(|(_, end)| *end > at) {
                return Some((line + further, end));
            }
            // Far away: its lines are not looked at one by one.
            line += NEAR;
            while self.get(line + NEAR - 1).is_some_and(|end| end <= at) {
                line += NEAR;
            }
        }
    }
}

#[inline]
fn end(entry: &[u8; ENTRY]) -> usize {
    (u64::from_le_bytes(*entry) & END) as usize
}

/// Some lines, oldest first.
#[derive(Debug)]
pub struct Block {
    room: Box<[u8]>,
    /// Bytes of text.
    used: usize,
    lines: usize,
    anchors: Vec<Anchor>,
    /// Whether any line holds what tools write for terminals.
    has_escapes: bool,
    /// The number of the first line.
    pub first: u64,
    /// Never the same for two states of any block of a store.
    pub stamp: u32,
}

impl Block {
    /// An empty room in which a text of this length fits.
    pub fn new(first: u64, len: usize) -> Self {
        Self {
            room: vec![0; ROOM.max(len + ENTRY)].into_boxed_slice(),
            used: 0,
            lines: 0,
            anchors: Vec::new(),
            has_escapes: false,
            first,
            stamp: 0,
        }
    }

    /// How many lines it holds.
    pub fn len(&self) -> usize {
        self.lines
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Whether any line may hold what tools write for terminals.
    pub fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        self.room.len() + self.anchors.capacity() * size_of::<Anchor>() + size_of::<Self>()
    }

    /// Whether another line of this length fits.
    pub fn fits(&self, len: usize) -> bool {
        let is_own = self.room.len() > ROOM;
        let needed = self.used + len + (self.lines + 1) * ENTRY;
        needed <= self.room.len() && !(is_own && self.lines > 0)
    }

    /// The text of all lines, one directly after another.
    pub fn text(&self) -> &[u8] {
        self.room.get(..self.used).unwrap_or_default()
    }

    /// Adds a line that fits.
    pub fn push(&mut self, head: Head, text: &[u8]) {
        let since = self.since(head.at);
        let end = self.used + text.len();
        let is_plain = is_plain(text);
        let has_escapes = !is_plain && memchr::memchr(0x1b, text).is_some();
        let mark = |is: bool, mark: u64| if is { mark } else { 0 };
        let entry = (end as u64 & END)
            | u64::from(head.owner % OWNERS) << OWNER_AT
            | mark(head.is_error, STDERR)
            | mark(is_plain, PLAIN)
            | mark(has_escapes, ESCAPES)
            | u64::from(since) << SINCE_AT;
        if let Some(room) = self.room.get_mut(self.used..end) {
            room.copy_from_slice(text);
        }
        let at = self.entry_at(self.lines);
        if let Some(room) = self.room.get_mut(at..at + ENTRY) {
            room.copy_from_slice(&entry.to_le_bytes());
        }
        self.used = end;
        self.lines += 1;
        self.has_escapes |= has_escapes;
    }

    /// Whether most of its room is taken.
    pub fn is_well_filled(&self) -> bool {
        self.used + self.lines * ENTRY > self.room.len() / 2
    }

    /// Puts others in the place of its lines' owners.
    pub fn own(&mut self, owners: &[u16]) {
        if (0..).zip(owners).all(|(place, owner)| place == *owner) {
            return;
        }
        let back = self.room.len().saturating_sub(self.lines * ENTRY);
        let (_, entries) = self
            .room
            .get_mut(back..)
            .unwrap_or_default()
            .as_rchunks_mut();
        for bytes in entries {
            let entry = u64::from_le_bytes(*bytes);
            let owner = owners.get(usize::from(facts(entry).owner));
            let owner = u64::from(owner.copied().unwrap_or(OWNERS - 1) % OWNERS);
            *bytes = (entry & !OWNER | owner << OWNER_AT).to_le_bytes();
        }
    }

    /// Gives up the room that is left.
    pub fn shrink(&mut self) {
        let entries = self.lines * ENTRY;
        let mut room = Vec::with_capacity(self.used + entries);
        room.extend_from_slice(self.text());
        let back = self.room.len() - entries;
        room.extend_from_slice(self.room.get(back..).unwrap_or_default());
        self.room = room.into_boxed_slice();
    }

    /// Nanoseconds since the newest anchor, which is a new one where that is too far.
    fn since(&mut self, at: i64) -> u32 {
        let since = |anchor: &Anchor| {
            let since = at.checked_sub(anchor.at)?;
            u32::try_from(since).ok()
        };
        self.anchors.last().and_then(since).unwrap_or_else(|| {
            let line = self.lines as u32;
            self.anchors.push(Anchor { line, at });
            0
        })
    }

    /// What is known of a line.
    pub fn head(&self, line: usize) -> Option<Head> {
        let entry = self.entry(line)?;
        let facts = facts(entry);
        let place = self
            .anchors
            .partition_point(|anchor| anchor.line as usize <= line);
        let anchor = self.anchors.get(place.checked_sub(1)?)?;
        let since = i64::try_from(entry >> SINCE_AT).ok()?;
        Some(Head {
            at: anchor.at.checked_add(since)?,
            owner: facts.owner,
            is_error: facts.is_error,
        })
    }

    /// What its entry tells of a line.
    pub fn facts(&self, line: usize) -> Option<Facts> {
        self.entry(line).map(facts)
    }

    /// The text of a line.
    pub fn line(&self, line: usize) -> Option<&[u8]> {
        let end = self.end(line)?;
        self.room.get(self.start(line)..end)
    }

    /// Where the text of a line begins.
    pub fn start(&self, line: usize) -> usize {
        let before = line.checked_sub(1).and_then(|before| self.end(before));
        before.unwrap_or(0)
    }

    /// Where the text of a line ends.
    pub fn end(&self, line: usize) -> Option<usize> {
        match self.ends() {
            Some(ends) => ends.get(line),
            None => (line < self.lines).then_some(self.used),
        }
    }

    /// Where the texts of its lines end. Of one that is alone no entry can say it.
    pub fn ends(&self) -> Option<Ends<'_>> {
        let back = self.room.len().saturating_sub(self.lines * ENTRY);
        let (_, entries) = self.room.get(back..)?.as_rchunks();
        (self.lines > 1).then_some(Ends { entries })
    }

    fn entry(&self, line: usize) -> Option<u64> {
        if line >= self.lines {
            return None;
        }
        let at = self.entry_at(line);
        let bytes = self.room.get(at..at + ENTRY)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn entry_at(&self, line: usize) -> usize {
        self.room.len().saturating_sub((line + 1) * ENTRY)
    }
}

fn facts(entry: u64) -> Facts {
    Facts {
        owner: (entry >> OWNER_AT) as u16 % OWNERS,
        is_error: entry & STDERR != 0,
        is_plain: entry & PLAIN != 0,
        has_escapes: entry & ESCAPES != 0,
    }
}

/// Whether each byte is one visible character of ASCII; eight at a time.
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let chunks = text.chunks_exact(8);
    let rest = chunks.remainder();
    let all = chunks.fold(0, |found, chunk| {
        let word = chunk.try_into().map_or(HIGH, u64::from_le_bytes);
        // Of a byte that is 0x7f the sum has the high bit, of one below 0x20 the difference.
        let delete = word.wrapping_add(ONES);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        found | (word | delete | control) & HIGH
    });
    all == 0 && rest.iter().all(|byte| matches!(byte, 0x20..0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn head(at: i64) -> Head {
        Head {
            at,
            owner: 3,
            is_error: false,
        }
    }

    #[test]
    fn a_line_takes_its_text_and_eight_bytes() {
        let mut block = Block::new(0, 0);
        let text = [b'x'; 118];
        let mut lines = 0;
        while block.fits(text.len()) {
            block.push(head(lines * 1_000_000), &text);
            lines += 1;
        }
        assert_eq!(lines as usize, ROOM / (118 + ENTRY));
        assert!(block.size() < ROOM + 256, "{}", block.size());
    }

    #[test]
    fn times_are_kept_to_the_nanosecond_however_far_apart() {
        let mut block = Block::new(0, 0);
        let times = [
            i64::MIN,
            -5,
            0,
            1,
            4_294_967_296,
            4_294_967_297,
            i64::MAX,
            7,
        ];
        for at in times {
            block.push(head(at), b"x");
        }
        let held: Vec<_> = (0..8).map(|line| block.head(line).unwrap().at).collect();
        assert_eq!(held, times);
    }

    #[test]
    fn a_line_longer_than_a_room_has_its_own() {
        let long = vec![b'x'; 3 * ROOM];
        let mut block = Block::new(0, long.len());
        assert!(block.fits(long.len()));
        block.push(head(1), &long);
        assert!(!block.fits(0));
        assert_eq!(block.line(0), Some(&*long));
    }

    #[test]
    fn a_room_that_shrinks_keeps_its_lines() {
        let mut block = Block::new(0, 0);
        for (at, text) in [(1, "a"), (5_000_000_000, ""), (15_000_000_000, "ccc")] {
            block.push(head(at), text.as_bytes());
        }
        block.shrink();
        assert_eq!(block.line(2), Some(&b"ccc"[..]));
        assert_eq!(block.head(2).unwrap().at, 15_000_000_000);
        assert!(!block.fits(0));
    }

    #[test]
    fn what_a_line_holds_is_marked() {
        let mut block = Block::new(0, 0);
        for text in [
            "all visible ~",
            "a\ttab, a bit longer",
            "\u{1b}[31mred",
            "caf\u{e9}",
        ] {
            block.push(head(1), text.as_bytes());
        }
        let marks = |line| {
            let facts = block.facts(line).unwrap();
            (facts.is_plain, facts.has_escapes)
        };
        assert_eq!(marks(0), (true, false));
        assert_eq!(marks(1), (false, false));
        assert_eq!(marks(2), (false, true));
        assert_eq!(marks(3), (false, false));
    }

    proptest! {
        #[test]
        fn visible_bytes_are_told_apart(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let is_visible = text.iter().all(|byte| matches!(byte, 0x20..0x7f));
            prop_assert_eq!(is_plain(&text), is_visible);
            let mostly: Vec<u8> = text.iter().map(|byte| byte & 0x7f).collect();
            let is_visible = mostly.iter().all(|byte| matches!(byte, 0x20..0x7f));
            prop_assert_eq!(is_plain(&mostly), is_visible);
        }
    }
}

//! Telling different things apart, in order of first sight.

/// The places of the different things seen so far, by their hashes; the things themselves are kept by whoever asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distinct {
    /// Half of a hash, and one more than a place; 0 where nothing is. Three of four are free, so that nearly all things are found
    /// where they are looked for first: a search that sometimes goes on costs more than a table twice as large.
    slots: Vec<u64>,
    seen: usize,
}

impl Distinct {
    /// The place of a thing, by its hash and whether it is the one at a place; a new one comes behind all others.
    #[inline]
    pub fn place(&mut self, hash: u64, is: impl Fn(usize) -> bool) -> usize {
        match self.find(hash, is) {
            Some(place) => place,
            None => self.insert(hash >> 32),
        }
    }

    /// The same of what was seen before.
    #[inline(always)]
    pub fn find(&self, hash: u64, is: impl Fn(usize) -> bool) -> Option<usize> {
        let (half, last) = (hash >> 32, self.slots.len().wrapping_sub(1));
        let mut at = half as usize & last;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            let place = (slot as u32 - 1) as usize;
            if slot >> 32 == half && is(place) {
                return Some(place);
            }
            at = (at + 1) & last;
        }
    }

    fn insert(&mut self, half: u64) -> usize {
        if 4 * self.seen >= self.slots.len() {
            self.grow();
        }
        let last = self.slots.len() - 1;
        let mut at = half as usize & last;
        while self.slots[at] != 0 {
            at = (at + 1) & last;
        }
        self.seen += 1;
        self.slots[at] = half << 32 | self.seen as u64;
        self.seen - 1
    }

    #[cold]
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![0; (2 * old.len()).max(1024)];
        let last = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = (slot >> 32) as usize & last;
            while self.slots[at] != 0 {
                at = (at + 1) & last;
            }
            self.slots[at] = slot;
        }
    }
}

/// A hash of what was hashed before and one more word: the two halves of their product, folded.
#[inline]
pub(crate) fn fold(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    product as u64 ^ (product >> 64) as u64
}

/// A hash of bytes.
#[inline]
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let word = |part: &[u8]| part.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let (words, rest) = bytes.as_chunks::<8>();
    let whole = words.iter().fold(bytes.len() as u64, |hash, part| fold(hash, u64::from_le_bytes(*part)));
    fold(whole, word(rest))
}

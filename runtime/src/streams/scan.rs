//! Finding the first of several separators in what was read so far, without looking at a byte again that
//! can't be part of one.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::errors::LimitOverrunError;

/// A search that goes on as bytes come in.
pub(super) struct Scan<'a> {
    /// The shortest first: where two end at the same byte, it wins, as in Python.
    separators: Cow<'a, [&'a [u8]]>,
    /// Before this, no separator begins.
    from: usize,
}

/// What a look at the buffer comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// What ends with a separator is this long.
    At(usize),
    NotYet,
    Overrun(LimitOverrunError),
}

impl<'a> Scan<'a> {
    /// The end of a line.
    pub(super) fn line() -> Self {
        Self::new(Cow::Borrowed(&[b"\n"]))
    }

    /// # Panics
    ///
    /// When there is no separator, or an empty one.
    pub(super) fn new(mut separators: Cow<'a, [&'a [u8]]>) -> Self {
        if separators.len() > 1 {
            separators.to_mut().sort_by_key(|separator| separator.len());
        }
        let shortest = separators.first().map(|separator| separator.len());
        assert!(shortest.is_some(), "Separator should contain at least one element");
        assert!(shortest != Some(0), "Separator should be at least one-byte string");
        Self { separators, from: 0 }
    }

    /// Whether nothing was looked at yet.
    pub(super) fn is_new(&self) -> bool {
        self.from == 0
    }

    /// The next search is one in what follows.
    pub(super) fn start_over(&mut self) {
        self.from = 0;
    }

    pub(super) fn look(&mut self, buffer: &[u8], limit: usize) -> Found {
        if let Some((start, end)) = self.first(buffer) {
            if start <= limit {
                return Found::At(end);
            }
            return Found::Overrun(LimitOverrunError { consumed: start, is_found: true });
        }
        // The longest one may have begun.
        let longest = self.separators.last().map_or(0, |separator| separator.len());
        self.from = self.from.max((buffer.len() + 1).saturating_sub(longest));
        if self.from > limit {
            return Found::Overrun(LimitOverrunError { consumed: self.from, is_found: false });
        }
        Found::NotYet
    }

    /// Start and end of the separator that ends first.
    fn first(&self, buffer: &[u8]) -> Option<(usize, usize)> {
        let tail = buffer.get(self.from..)?;
        let found = self.separators.iter().filter_map(|separator| {
            let start = self.from + find(tail, separator)?;
            Some((start, start + separator.len()))
        });
        found.min_by_key(|(_, end)| *end)
    }
}

fn find(bytes: &[u8], separator: &[u8]) -> Option<usize> {
    match separator {
        [byte] => memchr(*byte, bytes),
        _ => memmem::find(bytes, separator),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_in_pieces(pieces: &[&str], separators: &[&str]) -> Vec<Found> {
        let mut scan = Scan::new(separators.iter().map(|text| text.as_bytes()).collect());
        let mut buffer = Vec::new();
        let look = |piece: &&str| {
            buffer.extend_from_slice(piece.as_bytes());
            scan.look(&buffer, 10)
        };
        pieces.iter().map(look).collect()
    }

    #[test]
    fn a_separator_may_come_in_pieces() {
        use Found::{At, NotYet};
        assert_eq!(look_in_pieces(&["aE", "N", "Db"], &["END"]), [NotYet, NotYet, At(4)]);
        assert_eq!(look_in_pieces(&["data", "Z", "Aaaa"], &["A", "long one"])[2], At(6));
    }

    #[test]
    fn the_separator_that_ends_first_wins_and_the_shorter_of_two() {
        assert_eq!(look_in_pieces(&["ABCDEFG"], &["DEF", "BCDE"]), [Found::At(5)]);
        let Found::Overrun(error) = &look_in_pieces(&["some 10 bytesA"], &["me 10 bytesA", "A"])[0]
        else {
            unreachable!()
        };
        assert_eq!((error.consumed, error.is_found), (13, true));
    }

    #[test]
    fn what_may_be_a_separator_does_not_count_towards_the_limit() {
        assert_eq!(look_in_pieces(&["1234567890EN"], &["END"]), [Found::NotYet]);
        let over = Found::Overrun(LimitOverrunError { consumed: 11, is_found: false });
        assert_eq!(look_in_pieces(&["12345678901EN"], &["END"]), [over]);
    }
}

//! Bytes in a line: what was read ahead, or is still to be written. The one buffer under streams and
//! transports, in the place of the `bytearray` that Python has in each.
//!
//! What must hold: an empty one has no memory (10,000 idle connections hold none); taking from the front
//! moves each byte once at most.

#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// How many at the front were taken.
    taken: usize,
}

impl Buffer {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        // Moves no more bytes than were taken since the last move.
        if self.taken >= self.len() {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Drops `length` bytes at the front.
    #[inline]
    pub(crate) fn consume(&mut self, length: usize) {
        assert!(length <= self.len(), "{length} bytes were taken of {}", self.len());
        self.taken += length;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Takes `length` bytes at the front: without copying them, if they are all there is.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Vec<u8> {
        if self.taken == 0 && length == self.bytes.len() {
            return std::mem::take(&mut self.bytes);
        }
        let taken = self.as_slice()[..length].to_vec();
        self.consume(length);
        taken
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_leave_no_memory_behind() {
        let mut buffer = Buffer::default();
        buffer.extend(b"abc");
        assert_eq!(buffer.take(1), b"a");
        buffer.extend(b"def");
        buffer.consume(1);
        assert_eq!((buffer.as_slice(), buffer.len()), (&b"cdef"[..], 4));
        assert_eq!(buffer.take(4), b"cdef");
        assert_eq!(buffer.bytes.capacity(), 0);
    }

    #[test]
    fn what_was_taken_makes_room() {
        let mut buffer = Buffer::default();
        for _ in 0..1000 {
            buffer.extend(&[0; 100]);
            buffer.extend(&[0; 100]);
            buffer.consume(150);
            buffer.consume(50);
            buffer.extend(b"x");
            buffer.consume(1);
        }
        buffer.extend(&[1; 10]);
        for round in 0..1000 {
            buffer.extend(&[2; 10]);
            buffer.consume(10);
            assert!(buffer.bytes.capacity() <= 100, "round {round}: {}", buffer.bytes.capacity());
        }
    }

    #[test]
    #[should_panic(expected = "4 bytes were taken of 3")]
    fn no_more_can_be_taken_than_is_there() {
        let mut buffer = Buffer::default();
        buffer.extend(b"abc");
        buffer.consume(4);
    }
}

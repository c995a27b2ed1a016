//! Which attribute is meant. The other rooms name it in their messages, and differ by it in few
//! places.

use std::fmt;

/// Which of the two attributes is expanded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryPoint {
    Main,
    Test,
}

impl fmt::Display for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Main => "#[asyncio::main]",
            Self::Test => "#[asyncio::test]",
        })
    }
}

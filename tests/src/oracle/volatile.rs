//! What an example prints, without what the clock and the system choose.
//!
//! For `program` alone. What is rewritten, in Rust's output and in Python's:
//!
//! | printed | kept |
//! |---|---|
//! | `started at 17:13:52` | `started at hh:mm:ss` |
//! | `now: 2026-11-23` | `now: yyyy-mm-dd` |
//! | `127.0.0.1:41234`, `('127.0.0.1', 41234)` | `127.0.0.1:port`: each language's way to write an address |

/// The shapes: a `9` stands for any digit, anything else for itself; and what takes their place.
const SHAPES: [(&str, &str); 2] = [("99:99:99", "hh:mm:ss"), ("9999-99-99", "yyyy-mm-dd")];

/// How Python and Rust begin an address of this machine.
const ADDRESSES: [(&str, &str); 2] = [("('127.0.0.1', ", ")"), ("127.0.0.1:", "")];

/// The text with what changes from run to run replaced.
pub(super) fn steady(text: &str) -> String {
    let mut steady = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let kept = &rest[..next.len_utf8()];
        let (replacement, length) = volatile(rest).unwrap_or((kept, kept.len()));
        steady.push_str(replacement);
        rest = &rest[length..];
    }
    steady
}

/// What stands for the beginning of `text`, and how long that is.
fn volatile(text: &str) -> Option<(&'static str, usize)> {
    let shape = SHAPES.iter().find(|(shape, _)| has_shape(text, shape));
    if let Some((shape, replacement)) = shape {
        return Some((replacement, shape.len()));
    }
    ADDRESSES.iter().find_map(|(before, after)| {
        let rest = text.strip_prefix(before)?;
        let port = rest.bytes().take_while(u8::is_ascii_digit).count();
        let is_address = port > 0 && rest[port..].starts_with(after);
        is_address.then_some(("127.0.0.1:port", before.len() + port + after.len()))
    })
}

fn has_shape(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'9' => byte.is_ascii_digit(),
            _ => byte == shape,
        })
}

#[cfg(test)]
mod tests {
    use super::steady;

    #[test]
    fn times_days_and_ports_are_replaced_and_nothing_else() {
        for (printed, kept) in [
            ("started at 17:13:52\n", "started at hh:mm:ss\n"),
            ("it is 2026-11-23 00:00:01, \u{e9}", "it is yyyy-mm-dd hh:mm:ss, \u{e9}"),
            ("from ('127.0.0.1', 41234)", "from 127.0.0.1:port"),
            ("from 127.0.0.1:9 to 127.0.0.1:80.", "from 127.0.0.1:port to 127.0.0.1:port."),
            ("127.0.0.1 has no port, 12:30 no seconds", "127.0.0.1 has no port, 12:30 no seconds"),
            ("", ""),
        ] {
            assert_eq!(steady(printed), kept);
        }
    }
}

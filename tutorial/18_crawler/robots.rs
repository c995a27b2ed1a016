//! What a site's `robots.txt` allows: RFC 9309.

/// The rules of one host that are about us.
#[derive(Default)]
pub(crate) struct Robots {
    rules: Vec<Rule>,
}

struct Rule {
    allows: bool,
    pattern: String,
}

/// Lines that begin with who is meant. Several such lines share the rules below them.
#[derive(Default)]
struct Group {
    agents: Vec<String>,
    rules: Vec<Rule>,
}

impl Robots {
    /// The rules in `text` for `agent`, or else those for all.
    pub(crate) fn parse(text: &str, agent: &str) -> Self {
        let groups = groups(text);
        let is_named = groups.iter().any(|group| group.is_for(agent));
        let name = if is_named { agent } else { "*" };
        let ours = groups.into_iter().filter(|group| group.is_for(name));
        Self { rules: ours.flat_map(|group| group.rules).collect() }
    }

    /// Whether `path`, with its query, may be asked for. The longest pattern decides, and in doubt the one
    /// that allows.
    pub(crate) fn allow(&self, path: &str) -> bool {
        let matching = self.rules.iter().filter(|rule| matches(&rule.pattern, path));
        let decides = matching.max_by_key(|rule| (rule.pattern.len(), rule.allows));
        decides.is_none_or(|rule| rule.allows)
    }
}

impl Group {
    fn is_for(&self, agent: &str) -> bool {
        self.agents.iter().any(|it| it.eq_ignore_ascii_case(agent))
    }
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match (name.as_str(), groups.last_mut()) {
            ("user-agent", Some(group)) if group.rules.is_empty() => {
                group.agents.push(value.into());
            }
            ("user-agent", _) => {
                groups.push(Group { agents: vec![value.into()], rules: Vec::new() });
            }
            // `Disallow:` with nothing behind it forbids nothing.
            ("allow" | "disallow", Some(group)) => {
                let pattern = if value.is_empty() { NOWHERE } else { value };
                group.rules.push(Rule { allows: name == "allow", pattern: pattern.into() });
            }
            _ => {}
        }
    }
    groups
}

/// No path begins so.
const NOWHERE: &str = "\n";

/// `*` stands for anything, `$` at the end for the end.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, ends) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces: Vec<&str> = pattern.split('*').collect();
    let Some(mut rest) = path.strip_prefix(pieces.remove(0)) else { return false };
    let last = if ends { pieces.pop() } else { None };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        // An empty piece, of `**`, is found at once.
        rest = after;
    }
    match (ends, last) {
        (false, _) => true,
        (true, Some(last)) => rest.ends_with(last),
        (true, None) => rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_decides_and_in_doubt_it_is_allowed() {
        let robots = Robots::parse(
            "User-agent: *\nDisallow: /a/\nAllow: /a/b/\nDisallow: /same\nAllow: /same",
            "ours",
        );
        assert!(!robots.allow("/a/x"));
        assert!(robots.allow("/a/b/x"));
        assert!(robots.allow("/same"));
        assert!(robots.allow("/else"));
    }

    #[test]
    fn rules_for_our_name_stand_in_for_those_for_all() {
        let text = "user-agent: *\ndisallow: /\n\nUser-Agent: other\nUser-Agent: OURS\nDisallow: /x # why\n\
                    User-agent: ours\nDisallow: /y";
        let robots = Robots::parse(text, "ours");
        assert!(robots.allow("/"));
        assert!(!robots.allow("/x"));
        // Two groups for the same name are one.
        assert!(!robots.allow("/y"));
        assert!(!Robots::parse(text, "somebody").allow("/z"));
    }

    #[test]
    fn a_star_and_an_end_are_understood() {
        assert!(matches("/*.pdf$", "/a/b.pdf"));
        assert!(!matches("/*.pdf$", "/a/b.pdf?x"));
        assert!(matches("/*/private/", "/a/b/private/c"));
        assert!(!matches("/*/private/", "/private/c"));
        assert!(matches("/exact$", "/exact"));
        assert!(!matches("/exact$", "/exactly"));
        assert!(matches("*a**b", "/xaxb"));
        assert!(matches("/*ab$", "/abab"));
    }

    #[test]
    fn an_empty_disallow_and_an_empty_file_allow_all() {
        assert!(Robots::parse("User-agent: *\nDisallow:", "ours").allow("/"));
        assert!(Robots::parse("<html>no such page</html>", "ours").allow("/"));
        // The empty line above still ends the list of names.
        let text = "User-agent: ours\nDisallow:\nUser-agent: other\nDisallow: /";
        assert!(Robots::parse(text, "ours").allow("/"));
    }
}

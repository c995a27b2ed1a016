//! What was found, counted: for the terminal and for the report.

use std::collections::{BTreeMap, HashSet};

use crate::crawl::host_of;
use crate::store::{Page, State};

/// All that the database knows.
pub(crate) struct Findings {
    pub(crate) pages: Vec<Page>,
    /// The pages that lead to a page, and where it leads, by address.
    pub(crate) links_in: BTreeMap<String, Vec<String>>,
    pub(crate) links_out: BTreeMap<String, usize>,
}

/// What there is to say of a page in one word. In the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Fine,
    Redirect,
    Broken,
    Unanswered,
    Forbidden,
    Waiting,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Fine,
        Self::Redirect,
        Self::Broken,
        Self::Unanswered,
        Self::Forbidden,
        Self::Waiting,
    ];

    pub(crate) fn of(page: &Page) -> Self {
        match (page.state, page.status) {
            (State::Answered, Some(300..=399)) => Self::Redirect,
            (State::Answered, Some(400..)) => Self::Broken,
            (State::Answered, _) => Self::Fine,
            (State::Failed, _) => Self::Unanswered,
            (State::Forbidden, _) => Self::Forbidden,
            (State::Waiting, _) => Self::Waiting,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Redirect => "redirected",
            Self::Broken => "broken",
            Self::Unanswered => "without an answer",
            Self::Forbidden => "forbidden",
            Self::Waiting => "waiting",
        }
    }
}

impl Findings {
    pub(crate) fn new(pages: Vec<Page>, links: HashSet<(String, String)>) -> Self {
        let (mut links_in, mut links_out) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::new());
        for (source, target) in links {
            *links_out.entry(source.clone()).or_default() += 1;
            links_in.entry(target).or_default().push(source);
        }
        for sources in links_in.values_mut() {
            sources.sort();
        }
        Self { pages, links_in, links_out }
    }

    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.pages.iter().filter(|page| Kind::of(page) == kind).count()
    }

    /// The pages that lead to `page`.
    pub(crate) fn sources(&self, page: &Page) -> &[String] {
        self.links_in.get(page.url.as_str()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn targets(&self, page: &Page) -> usize {
        self.links_out.get(page.url.as_str()).copied().unwrap_or_default()
    }

    /// The address without the host, if it is that of the first page.
    pub(crate) fn short<'a>(&self, url: &'a str) -> &'a str {
        let Some(first) = self.pages.first() else { return url };
        let origin = format!("{}://{}", first.url.scheme(), host_of(&first.url));
        url.strip_prefix(&origin).unwrap_or(url)
    }

    /// A line for each page, or for those alone that somebody should look at, and one that counts.
    pub(crate) fn lines(&self, all: bool) -> Vec<String> {
        let is_shown =
            |page: &&Page| all || matches!(Kind::of(page), Kind::Broken | Kind::Unanswered);
        let mut lines: Vec<String> =
            self.pages.iter().filter(is_shown).map(|page| self.line(page)).collect();
        let counts: Vec<String> = Kind::ALL
            .into_iter()
            .filter(|kind| self.count(*kind) > 0)
            .map(|kind| format!("{} {}", self.count(kind), kind.name()))
            .collect();
        lines.push(format!("{} pages: {}", self.pages.len(), counts.join(", ")));
        lines
    }

    fn line(&self, page: &Page) -> String {
        let status = page.status.map_or("---".into(), |status| status.to_string());
        let what = match Kind::of(page) {
            Kind::Fine => page.title.clone(),
            Kind::Redirect => format!("-> {}", self.short(&page.note)),
            Kind::Broken => {
                let sources: Vec<_> = self.sources(page).iter().map(|it| self.short(it)).collect();
                format!("linked from {}", sources.join(" "))
            }
            Kind::Unanswered => "no answer".into(),
            Kind::Forbidden => page.note.clone(),
            Kind::Waiting => "waits".into(),
        };
        let tries = if page.tries > 1 { format!(" ({} tries)", page.tries) } else { String::new() };
        let line = format!("{status} {:<15} {what}{tries}", self.short(page.url.as_str()));
        // Titles are other people's text: nothing of it moves the cursor.
        line.trim_end().chars().filter(|it| !it.is_control()).collect()
    }
}

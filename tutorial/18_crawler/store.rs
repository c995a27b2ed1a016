//! What the crawler knows: pages and the links between them, in a database file. A page that is known and not
//! yet fetched is `waiting`, so the file is the list of what is left to do, too.

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;

use sqlx::SqlitePool;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
    SqliteSynchronous,
};
use url::Url;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS starts (url TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS pages (
        url TEXT PRIMARY KEY,
        state TEXT NOT NULL DEFAULT 'waiting',
        status INTEGER, title TEXT, note TEXT, bytes INTEGER, milliseconds INTEGER, tries INTEGER
    );
    CREATE TABLE IF NOT EXISTS links (source TEXT, target TEXT, PRIMARY KEY (source, target));
";

pub(crate) struct Store {
    pool: SqlitePool,
}

/// What became of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Known, not fetched.
    Waiting,
    /// The server answered, with whatever status.
    Answered,
    /// It did not, however often it was asked.
    Failed,
    /// Not asked for: `robots.txt`.
    Forbidden,
}

const STATES: [(State, &str); 4] = [
    (State::Waiting, "waiting"),
    (State::Answered, "answered"),
    (State::Failed, "failed"),
    (State::Forbidden, "forbidden"),
];

impl State {
    fn name(self) -> &'static str {
        STATES.into_iter().find_map(|(state, name)| (state == self).then_some(name)).unwrap_or("")
    }

    fn named(name: &str) -> Self {
        let found = STATES.into_iter().find_map(|(state, it)| (it == name).then_some(state));
        found.unwrap_or(State::Waiting)
    }
}

/// A page, as the file has it.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) state: State,
    pub(crate) status: Option<u16>,
    pub(crate) title: String,
    /// Where it redirects to, or what went wrong.
    pub(crate) note: String,
    pub(crate) bytes: Option<u64>,
    pub(crate) milliseconds: u64,
    pub(crate) tries: u32,
}

impl Page {
    /// One of which nothing is known yet.
    pub(crate) fn new(url: Url) -> Self {
        Self {
            url,
            state: State::Waiting,
            status: None,
            title: String::new(),
            note: String::new(),
            bytes: None,
            milliseconds: 0,
            tries: 0,
        }
    }
}

/// As the database has it.
type Row = (String, String, Option<u16>, String, String, Option<i64>, i64, u32);

impl Store {
    /// Opens `file`, or makes it.
    pub(crate) async fn open(file: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            // With the log, a commit is one short write; a killed process leaves whole commits.
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            // Two crawlers with one list would fetch everything twice. The second is refused.
            .locking_mode(SqliteLockingMode::Exclusive)
            .busy_timeout(std::time::Duration::ZERO);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        sqlx::raw_sql(TABLES).execute(&pool).await?;
        Ok(Self { pool })
    }

    pub(crate) async fn close(self) {
        self.pool.close().await;
    }

    /// Where the crawl in the file began.
    pub(crate) async fn starts(&self) -> Result<Vec<Url>, sqlx::Error> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT url FROM starts ORDER BY url").fetch_all(&self.pool).await?;
        Ok(rows.iter().filter_map(|(url,)| Url::parse(url).ok()).collect())
    }

    /// How many pages are done, and how many wait.
    pub(crate) async fn counts(&self) -> Result<(i64, i64), sqlx::Error> {
        sqlx::query_as(
            "SELECT COUNT(*) FILTER (WHERE state <> 'waiting'), COUNT(*) FILTER (WHERE state = 'waiting') \
             FROM pages",
        )
        .fetch_one(&self.pool)
        .await
    }

    /// Goes on with the crawl from `starts` if the file has one that isn't done, and else begins anew.
    /// Says whether it goes on. A crawl from elsewhere that isn't done is not thrown away.
    pub(crate) async fn begin(&self, starts: &[Url]) -> Result<bool, Box<dyn Error>> {
        let mut wanted = starts.to_vec();
        wanted.sort();
        wanted.dedup();
        let (_, waiting) = self.counts().await?;
        if waiting > 0 {
            let starts = self.starts().await?;
            if starts != wanted {
                return Err(unfinished(&starts).into());
            }
            return Ok(true);
        }
        self.begin_anew(&wanted).await?;
        Ok(false)
    }

    /// Forgets what the file has, and begins with `starts`.
    pub(crate) async fn begin_anew(&self, starts: &[Url]) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::raw_sql("DELETE FROM starts; DELETE FROM pages; DELETE FROM links")
            .execute(&mut *transaction)
            .await?;
        for url in starts {
            for table in ["starts", "pages"] {
                let sql = format!("INSERT INTO {table} (url) VALUES (?)");
                sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(url.as_str())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await
    }

    /// The pages that wait, the first known first.
    pub(crate) async fn waiting(&self) -> Result<Vec<Url>, sqlx::Error> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT url FROM pages WHERE state = 'waiting' ORDER BY rowid")
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.iter().filter_map(|(url,)| Url::parse(url).ok()).collect())
    }

    /// Keeps what became of `page`, where it leads, and which pages wait now because of it: all of it, or,
    /// if the process is killed here, nothing. Returns those of `to_crawl` that nobody knew.
    pub(crate) async fn finish(
        &self,
        page: &Page,
        links: &[Url],
        to_crawl: &[Url],
    ) -> Result<Vec<Url>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "UPDATE pages SET state = ?, status = ?, title = ?, note = ?, bytes = ?, milliseconds = ?, \
             tries = ? WHERE url = ?",
        )
        .bind(page.state.name())
        .bind(page.status)
        .bind(&page.title)
        .bind(&page.note)
        .bind(page.bytes.map(u64::cast_signed))
        .bind(page.milliseconds.cast_signed())
        .bind(page.tries)
        .bind(page.url.as_str())
        .execute(&mut *transaction)
        .await?;
        for target in links {
            sqlx::query("INSERT OR IGNORE INTO links VALUES (?, ?)")
                .bind(page.url.as_str())
                .bind(target.as_str())
                .execute(&mut *transaction)
                .await?;
        }
        let mut new = Vec::new();
        for url in to_crawl {
            let inserted = sqlx::query("INSERT OR IGNORE INTO pages (url) VALUES (?)")
                .bind(url.as_str())
                .execute(&mut *transaction)
                .await?;
            if inserted.rows_affected() == 1 {
                new.push(url.clone());
            }
        }
        transaction.commit().await?;
        Ok(new)
    }

    /// All pages, by address.
    pub(crate) async fn pages(&self) -> Result<Vec<Page>, sqlx::Error> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT url, state, status, COALESCE(title, ''), COALESCE(note, ''), bytes, \
             COALESCE(milliseconds, 0), COALESCE(tries, 0) FROM pages ORDER BY url",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().filter_map(page).collect())
    }

    /// All links, from where to where.
    pub(crate) async fn links(&self) -> Result<HashSet<(String, String)>, sqlx::Error> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT source, target FROM links").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().collect())
    }
}

fn unfinished(starts: &[Url]) -> String {
    let starts: Vec<&str> = starts.iter().map(Url::as_str).collect();
    format!(
        "the folder has a crawl of {} that isn't done: go on with that one, take another folder with `--into`, \
         or remove this one",
        starts.join(" and ")
    )
}

fn page((url, state, status, title, note, bytes, milliseconds, tries): Row) -> Option<Page> {
    Some(Page {
        url: Url::parse(&url).ok()?,
        state: State::named(&state),
        status,
        title,
        note,
        bytes: bytes.map(i64::cast_unsigned),
        milliseconds: milliseconds.cast_unsigned(),
        tries,
    })
}

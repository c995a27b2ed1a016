//! sqlx and SQLite.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use asyncio::{Event, create_task, gather, sleep};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tempfile::TempDir;

async fn open(file: &Path, wait_for_a_lock: Duration) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        // Nobody pulls the plug here: what is written needn't reach the disk.
        .synchronous(SqliteSynchronous::Off)
        .busy_timeout(wait_for_a_lock);
    SqlitePoolOptions::new().max_connections(2).connect_with(options).await.unwrap()
}

async fn with_a_table() -> (TempDir, SqlitePool) {
    let folder = tempfile::tempdir().unwrap();
    let pool = open(&folder.path().join("test.db"), Duration::ZERO).await;
    sqlx::query("CREATE TABLE numbers (number INTEGER)").execute(&pool).await.unwrap();
    (folder, pool)
}

async fn count(pool: &SqlitePool) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM numbers").fetch_one(pool).await.unwrap()
}

fn message(error: &sqlx::Error) -> String {
    error.as_database_error().unwrap_or_else(|| panic!("{error:?}")).message().to_owned()
}

#[test]
fn a_query_s_rows_arrive_while_the_loop_goes_on() {
    asyncio::run(async {
        let (_folder, pool) = with_a_table().await;
        let beats = create_task(async {
            for _ in 0..3 {
                sleep(Duration::from_millis(1)).await;
            }
        });
        for number in 0..100_i64 {
            sqlx::query("INSERT INTO numbers VALUES ($1)")
                .bind(number)
                .execute(&pool)
                .await
                .unwrap();
        }
        beats.await.unwrap();
        assert_eq!(count(&pool).await, 100);
    });
}

#[test]
fn a_transaction_cancelled_half_way_is_rolled_back() {
    asyncio::run(async {
        let (_folder, pool) = with_a_table().await;
        let half_done = Rc::new(Event::new());
        let task = create_task({
            let (pool, half_done) = (pool.clone(), Rc::clone(&half_done));
            async move {
                let mut transaction = pool.begin().await.unwrap();
                let insert = sqlx::query("INSERT INTO numbers VALUES (1)");
                insert.execute(&mut *transaction).await.unwrap();
                half_done.set();
                Event::new().wait().await;
                transaction.commit().await.unwrap();
            }
        });
        half_done.wait().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(count(&pool).await, 0);
    });
}

#[test]
fn a_locked_database_is_an_error_that_says_so() {
    asyncio::run(async {
        let (folder, pool) = with_a_table().await;
        let other = open(&folder.path().join("test.db"), Duration::ZERO).await;
        let lock = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
        let insert = || sqlx::query("INSERT INTO numbers VALUES (1)").execute(&pool);
        assert_eq!(message(&insert().await.unwrap_err()), "database is locked");
        lock.rollback().await.unwrap();
        insert().await.unwrap();
        assert_eq!(count(&pool).await, 1);
    });
}

#[test]
fn a_full_database_is_an_error_and_keeps_what_it_had() {
    asyncio::run(async {
        let (_folder, pool) = with_a_table().await;
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query("PRAGMA max_page_count = 4").execute(&mut *connection).await.unwrap();
        let mut error = None;
        let mut inserted = 0;
        while error.is_none() && inserted < 10_000 {
            let insert = sqlx::query("INSERT INTO numbers VALUES (1)");
            match insert.execute(&mut *connection).await {
                Ok(_) => inserted += 1,
                Err(full) => error = Some(full),
            }
        }
        assert_eq!(
            message(&error.expect("four pages are full some time")),
            "database or disk is full"
        );
        drop(connection);
        assert_eq!(count(&pool).await, inserted);
    });
}

#[test]
fn a_database_that_is_missing_is_an_error() {
    asyncio::run(async {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new().filename(folder.path().join("none.db"));
        let error = SqlitePool::connect_with(options).await.unwrap_err();
        assert_eq!(message(&error), "unable to open database file");
    });
}

#[test]
fn tasks_wait_in_line_for_a_pool_s_connections() {
    asyncio::run(async {
        let folder = tempfile::tempdir().unwrap();
        let pool = open(&folder.path().join("test.db"), Duration::from_mins(1)).await;
        sqlx::query("PRAGMA journal_mode = WAL").execute(&pool).await.unwrap();
        sqlx::query("CREATE TABLE numbers (number INTEGER)").execute(&pool).await.unwrap();
        let insert = async |number: i64| {
            sqlx::query("INSERT INTO numbers VALUES ($1)").bind(number).execute(&pool).await
        };
        let inserted = gather((0..200).map(insert)).await;
        assert!(inserted.iter().all(Result::is_ok));
        assert_eq!(count(&pool).await, 200);
        assert!(pool.size() <= 2);
    });
}

//! Lesson 07: a database.
//!
//! You will see accounts written and read, a transfer that happens as a whole, one that is refused and one
//! that is cancelled half way, and a thousand tasks that share five connections.
//!
//! ```text
//! cargo run --bin 07_database
//! ```
//!
//! It keeps its accounts in a SQLite file, which is gone afterwards. With `DATABASE_URL` set, the same code
//! speaks to PostgreSQL, where it makes two tables anew:
//!
//! ```text
//! DATABASE_URL=postgres://user:password@127.0.0.1/name cargo run --bin 07_database
//! ```
//!
//! `twin.py` is this program in Python, for SQLite. Its module `sqlite3` blocks, and so needs a thread for
//! each call.

use std::error::Error;
use std::path::Path;
use std::rc::Rc;

use asyncio::{Event, TaskError, create_task, gather};
use sqlx::any::{AnyPoolOptions, install_default_drivers};
use sqlx::{AnyConnection, AnyPool};

/// A thousand tasks will share them.
const CONNECTIONS: u32 = 5;

#[asyncio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let pool = connect(folder.path()).await?;
    write_and_read(&pool).await?;
    transfers(&pool).await?;
    a_cancelled_transfer(&pool).await?;
    a_thousand_at_once(&pool).await?;
    // The file can't be removed while somebody has it open.
    pool.close().await;
    Ok(())
}

async fn connect(folder: &Path) -> Result<AnyPool, sqlx::Error> {
    // SQLite and PostgreSQL, as this lesson's Cargo.toml asks of sqlx.
    install_default_drivers();
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| {
        // rwc: read, write, and create the file.
        format!("sqlite://{}?mode=rwc", folder.join("lesson.db").display())
    });
    let options = AnyPoolOptions::new().max_connections(CONNECTIONS);
    options.after_connect(|connection, _| Box::pin(set_up(connection))).connect(&url).await
}

async fn set_up(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    if connection.backend_name() == "SQLite" {
        // One connection writes at a time. The others wait for it, a minute at most, and what is written
        // reaches the disk later, in one go.
        let settings =
            "PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL";
        sqlx::raw_sql(settings).execute(connection).await?;
    }
    Ok(())
}

async fn write_and_read(pool: &AnyPool) -> Result<(), sqlx::Error> {
    sqlx::query("DROP TABLE IF EXISTS lesson_accounts").execute(pool).await?;
    sqlx::query(
        "CREATE TABLE lesson_accounts (name TEXT PRIMARY KEY, balance BIGINT CHECK (balance >= 0))",
    )
    .execute(pool)
    .await?;
    for (name, balance) in [("Ada", 100), ("Grace", 50), ("Linus", 0)] {
        // $1 and $2 stand for values, which travel beside the text: no value is ever taken for SQL.
        sqlx::query("INSERT INTO lesson_accounts VALUES ($1, $2)")
            .bind(name)
            .bind(balance)
            .execute(pool)
            .await?;
    }
    println!("at first: {}", balances(pool).await?);
    Ok(())
}

async fn balances(pool: &AnyPool) -> Result<String, sqlx::Error> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT name, balance FROM lesson_accounts ORDER BY name")
            .fetch_all(pool)
            .await?;
    let balances: Vec<String> =
        rows.iter().map(|(name, balance)| format!("{name} {balance}")).collect();
    Ok(balances.join(", "))
}

async fn transfers(pool: &AnyPool) -> Result<(), sqlx::Error> {
    transfer(pool, "Ada", "Linus", 30).await?;
    println!("30 from Ada to Linus: {}", balances(pool).await?);

    if transfer(pool, "Grace", "Linus", 80).await.is_err() {
        println!("80 from Grace to Linus: refused");
    }
    println!("afterwards: {}", balances(pool).await?);
    Ok(())
}

/// Both accounts change, or none.
async fn transfer(pool: &AnyPool, from: &str, to: &str, amount: i64) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // What is received is written first, so that a refusal comes when half of it is done.
    add(&mut transaction, to, amount).await?;
    add(&mut transaction, from, -amount).await?;
    // Without this line, or with an error above it, the database undoes what was done since `begin`.
    transaction.commit().await
}

async fn add(connection: &mut AnyConnection, name: &str, amount: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE lesson_accounts SET balance = balance + $1 WHERE name = $2")
        .bind(amount)
        .bind(name)
        .execute(connection)
        .await?;
    Ok(())
}

async fn a_cancelled_transfer(pool: &AnyPool) -> Result<(), Box<dyn Error>> {
    let half_done = Rc::new(Event::new());
    let task = create_task({
        let (pool, half_done) = (pool.clone(), Rc::clone(&half_done));
        async move {
            let mut transaction = pool.begin().await?;
            add(&mut transaction, "Linus", 40).await?;
            half_done.set();
            // Any `.await` is a place where a task can be cancelled.
            Event::new().wait().await;
            add(&mut transaction, "Ada", -40).await?;
            transaction.commit().await
        }
    });
    half_done.wait().await;
    task.cancel();
    match task.await {
        Ok(done) => done?,
        // The transaction was dropped with the task's other variables, which undoes it.
        Err(TaskError::Cancelled(_)) => println!("40 from Ada to Linus: cancelled half way"),
        Err(error) => return Err(error.into()),
    }
    println!("afterwards: {}", balances(pool).await?);
    Ok(())
}

async fn a_thousand_at_once(pool: &AnyPool) -> Result<(), sqlx::Error> {
    sqlx::query("DROP TABLE IF EXISTS lesson_numbers").execute(pool).await?;
    sqlx::query("CREATE TABLE lesson_numbers (number BIGINT NOT NULL)").execute(pool).await?;

    // All of them run, and all but five wait for a connection.
    let inserted = gather((0..1000_i64).map(async |number| {
        sqlx::query("INSERT INTO lesson_numbers VALUES ($1)").bind(number).execute(pool).await
    }))
    .await;
    let errors = inserted.iter().filter(|insert| insert.is_err()).count();

    let (rows, sum): (i64, i64) =
        sqlx::query_as("SELECT COUNT(*), CAST(SUM(number) AS BIGINT) FROM lesson_numbers")
            .fetch_one(pool)
            .await?;
    println!("1,000 tasks, {CONNECTIONS} connections: {rows} rows, {errors} errors, sum {sum}");
    Ok(())
}

//! sqlx and PostgreSQL.

use std::rc::Rc;

use asyncio::{Event, create_task, gather};
use asyncio_crates_tests::server;
use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};

/// A pool whose tables are seen by nobody else, if there is a server.
fn with_a_pool(test: impl AsyncFnOnce(PgPool)) {
    let Some(url) = server("DATABASE_URL") else { return };
    asyncio::run(async {
        let pool = PgPoolOptions::new().max_connections(5).connect(&url).await.unwrap();
        test(pool.clone()).await;
        pool.close().await;
    });
}

#[test]
fn a_thousand_inserts_share_five_connections() {
    with_a_pool(async |pool| {
        for query in
            ["DROP TABLE IF EXISTS test_inserts", "CREATE TABLE test_inserts (number BIGINT)"]
        {
            sqlx::query(query).execute(&pool).await.unwrap();
        }
        let insert = async |number: i64| {
            sqlx::query("INSERT INTO test_inserts VALUES ($1)").bind(number).execute(&pool).await
        };
        let inserted = gather((0..1000).map(insert)).await;
        assert!(inserted.iter().all(Result::is_ok));
        let (rows, sum): (i64, i64) =
            sqlx::query_as("SELECT COUNT(*), SUM(number)::BIGINT FROM test_inserts")
                .fetch_one(&pool)
                .await
                .unwrap();
        assert_eq!((rows, sum), (1000, 499_500));
        assert!(pool.size() <= 5);
        sqlx::query("DROP TABLE test_inserts").execute(&pool).await.unwrap();
    });
}

#[test]
fn a_transaction_cancelled_half_way_is_rolled_back() {
    with_a_pool(async |pool| {
        for query in
            ["DROP TABLE IF EXISTS test_cancelled", "CREATE TABLE test_cancelled (number BIGINT)"]
        {
            sqlx::query(query).execute(&pool).await.unwrap();
        }
        let half_done = Rc::new(Event::new());
        let task = create_task({
            let (pool, half_done) = (pool.clone(), Rc::clone(&half_done));
            async move {
                let mut transaction = pool.begin().await.unwrap();
                let insert = sqlx::query("INSERT INTO test_cancelled VALUES (1)");
                insert.execute(&mut *transaction).await.unwrap();
                half_done.set();
                // In the middle of a query: the connection still has its answer to come.
                sqlx::query("SELECT pg_sleep(60)").execute(&mut *transaction).await.unwrap();
            }
        });
        half_done.wait().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM test_cancelled")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(rows, 0);
        // What still sleeps would keep the table from being dropped.
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' \
             AND pid <> pg_backend_pid()",
        )
        .execute(&pool)
        .await
        .unwrap();
        sqlx::query("DROP TABLE test_cancelled").execute(&pool).await.unwrap();
    });
}

#[test]
fn a_killed_connection_is_replaced() {
    let Some(url) = server("DATABASE_URL") else { return };
    asyncio::run(async {
        let pool = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        let killer = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        let backend = async || -> Result<i32, sqlx::Error> {
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&pool).await
        };
        let first = backend().await.unwrap();
        let is_gone: bool = sqlx::query_scalar("SELECT pg_terminate_backend($1, 5000)")
            .bind(first)
            .fetch_one(&killer)
            .await
            .unwrap();
        assert!(is_gone);
        assert_ne!(backend().await.unwrap(), first);
        pool.close().await;
        killer.close().await;
    });
}

#[test]
fn a_notification_wakes_a_listener() {
    with_a_pool(async |pool| {
        let mut listener = PgListener::connect_with(&pool).await.unwrap();
        listener.listen("test_channel").await.unwrap();
        let heard = create_task(async move { listener.recv().await.unwrap().payload().to_owned() });
        sqlx::query("SELECT pg_notify('test_channel', 'hello')").execute(&pool).await.unwrap();
        assert_eq!(heard.await.unwrap(), "hello");
    });
}

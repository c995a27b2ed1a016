//! The redis crate.

use asyncio::{create_task, gather};
use asyncio_crates_tests::server;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client, RedisError, pipe};

/// Two connections, if there is a server.
fn with_connections(test: impl AsyncFnOnce(MultiplexedConnection, MultiplexedConnection)) {
    let Some(url) = server("REDIS_URL") else { return };
    asyncio::run(async {
        let client = Client::open(url).unwrap();
        let one = client.get_multiplexed_async_connection().await.unwrap();
        let other = client.get_multiplexed_async_connection().await.unwrap();
        test(one, other).await;
    });
}

#[test]
fn a_thousand_tasks_share_a_connection() {
    with_connections(async |connection, mut other| {
        let _: () = other.del("test:count").await.unwrap();
        let counts = gather((0..1000).map(async |_| {
            let mut connection = connection.clone();
            connection.incr::<_, _, i64>("test:count", 1).await.unwrap()
        }))
        .await;
        let mut counts = counts;
        counts.sort_unstable();
        assert!(counts.into_iter().eq(1..=1000));
        let _: () = other.del("test:count").await.unwrap();
    });
}

#[test]
fn a_pipeline_is_answered_as_a_whole() {
    with_connections(async |mut connection, _| {
        let (one, two): (i32, i32) = pipe()
            .atomic()
            .set("test:one", 1)
            .ignore()
            .get("test:one")
            .incr("test:one", 1)
            .query_async(&mut connection)
            .await
            .unwrap();
        assert_eq!((one, two), (1, 2));
        let _: () = connection.del("test:one").await.unwrap();
    });
}

#[test]
fn a_task_that_waits_for_an_item_is_woken_by_it() {
    with_connections(async |mut taker, mut giver| {
        let _: () = giver.del("test:list").await.unwrap();
        let taken = create_task(async move {
            let taken: Result<(String, String), RedisError> = taker.blpop("test:list", 0.0).await;
            taken.map(|(_, item)| item)
        });
        asyncio::yield_now().await;
        let _: i64 = giver.rpush("test:list", "hello").await.unwrap();
        assert_eq!(taken.await.unwrap().unwrap(), "hello");
    });
}

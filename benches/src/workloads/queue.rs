//! A producer and a consumer.

use std::hint::black_box;

use crate::runtimes::Queues;

/// An operation is an item that goes through a queue of a hundred places.
pub(super) fn queue<R: Queues>(n: u64) {
    R::run(async move {
        let (mut sender, mut receiver) = R::queue(100);
        let producer = R::spawn(async move {
            for number in 0..n {
                R::put(&mut sender, number).await;
            }
        });
        for _ in 0..n {
            black_box(R::get(&mut receiver).await);
        }
        producer.await;
    });
}

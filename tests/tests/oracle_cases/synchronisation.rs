//! Those who wait for a lock, a semaphore, a condition or a queue.

use std::rc::Rc;

use asyncio::{Condition, Lock, Queue, Semaphore, create_task, yield_now};

use crate::{check, run};

#[test]
fn a_lock_goes_round_in_the_order_it_was_asked_for() {
    check("a_lock_goes_round_in_the_order_it_was_asked_for", |log| {
        run(async {
            let lock = Rc::new(Lock::new(()));
            let tasks = ["a", "b", "c"].map(|name| {
                let (log, lock) = (log.clone(), lock.clone());
                create_task(async move {
                    for time in 0..2 {
                        let _held = lock.acquire().await;
                        log.say(&format!("{name} {time}"));
                        yield_now().await;
                    }
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_cancelled_waiter_passes_its_permit_on() {
    check("a_cancelled_waiter_passes_its_permit_on", |log| {
        run(async {
            let semaphore = Rc::new(Semaphore::new(0));
            let [first, second, third] = ["first", "second", "third"].map(|name| {
                let (log, semaphore) = (log.clone(), semaphore.clone());
                create_task(async move {
                    semaphore.acquire().await.forget();
                    log.say(name);
                })
            });
            yield_now().await;
            semaphore.release();
            first.cancel();
            second.await.unwrap();
            log.say("released again");
            semaphore.release();
            third.await.unwrap();
        });
    });
}

#[test]
fn those_notified_go_on_in_the_order_they_came() {
    check("those_notified_go_on_in_the_order_they_came", |log| {
        run(async {
            let (lock, condition) = (Rc::new(Lock::new(())), Rc::new(Condition::new()));
            let tasks = ["a", "b", "c"].map(|name| {
                let (log, lock, condition) = (log.clone(), lock.clone(), condition.clone());
                create_task(async move {
                    let mut held = lock.acquire().await;
                    log.say(&format!("{name} waits"));
                    condition.wait(&mut held).await;
                    log.say(&format!("{name} goes on"));
                    yield_now().await;
                    log.say(&format!("{name} leaves"));
                })
            });
            yield_now().await;
            let held = lock.acquire().await;
            condition.notify(2);
            log.say("notified two");
            drop(held);
            yield_now().await;
            condition.notify_all();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_full_queue_lets_its_producer_wait() {
    check("a_full_queue_lets_its_producer_wait", |log| {
        run(async {
            let queue = Rc::new(Queue::new(2));
            let (in_task, said) = (queue.clone(), log.clone());
            let producer = create_task(async move {
                for item in 0..5 {
                    in_task.put(item).await.unwrap();
                    said.say(&format!("put {item}"));
                }
            });
            for _ in 0..5 {
                let item = queue.get().await.unwrap();
                log.say(&format!("got {item}"));
                queue.task_done();
            }
            queue.join().await;
            producer.await.unwrap();
            log.say("all done");
        });
    });
}

/// Runs the server until it is stopped.
#[allow(unreachable_code)]
pub(crate) fn serve() -> impl std::process::Termination {
    async fn serve() -> impl std::process::Termination {
        loop {
            asyncio::yield_now().await;
        }
    }
    ::asyncio::run(serve())
}

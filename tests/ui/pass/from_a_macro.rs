#![deny(warnings)]

//! What a macro puts together: its fragments reach the attribute in groups of their own.

macro_rules! program {
    ($name:ident -> $output:ty, $debug:literal, $seed:expr, $body:block) => {
        #[asyncio::main(debug = $debug, seed = $seed)]
        async fn $name() -> $output $body
    };
}

program!(main -> (), true, 7, {
    asyncio::yield_now().await;
});

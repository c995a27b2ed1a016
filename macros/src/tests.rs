//! What the attributes expand to. The snapshots are files in `expansions/`, which the book shows;
//! `UPDATE_EXPECT=1 cargo test -p asyncio-macros` writes them anew.
//!
//! What the compiler says about an expansion is tested in the crate `asyncio-tests`, folder `ui/`.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;
use quote::quote;

use crate::entry::EntryPoint;
use crate::expand::expand;

fn expect_main(snapshot: &ExpectFile, keys: TokenStream, item: TokenStream) {
    snapshot.assert_eq(&pretty(expand(EntryPoint::Main, keys, item)));
}

fn expect_test(snapshot: &ExpectFile, keys: TokenStream, item: TokenStream) {
    snapshot.assert_eq(&pretty(expand(EntryPoint::Test, keys, item)));
}

fn pretty(expansion: TokenStream) -> String {
    let file = syn::parse2(expansion).expect("an expansion is a list of items");
    prettyplease::unparse(&file)
}

fn hello() -> TokenStream {
    quote! {
        async fn main() {
            println!("Hello");
        }
    }
}

fn an_hour() -> TokenStream {
    quote! {
        async fn an_hour_passes() {
            asyncio::sleep(HOUR).await;
        }
    }
}

#[test]
fn main_runs_the_async_fn_it_stands_on() {
    expect_main(&expect_file!["../expansions/main.rs"], quote!(), hello());
}

#[test]
fn main_keeps_a_return_type() {
    expect_main(
        &expect_file!["../expansions/main_result.rs"],
        quote!(),
        quote! {
            async fn main() -> std::io::Result<()> {
                asyncio::fs::read("notes.txt").await?;
                Ok(())
            }
        },
    );
}

#[test]
fn main_keeps_attributes_visibility_and_another_name() {
    expect_main(
        &expect_file!["../expansions/main_kept_parts.rs"],
        quote!(),
        quote! {
            /// Runs the server until it is stopped.
            #[allow(unreachable_code)]
            pub(crate) async fn serve() -> impl std::process::Termination {
                loop {
                    asyncio::yield_now().await;
                }
            }
        },
    );
}

#[test]
fn main_turns_one_key_into_one_call() {
    expect_main(&expect_file!["../expansions/main_debug.rs"], quote!(debug = true), hello());
}

#[test]
fn main_takes_every_key_in_any_order() {
    expect_main(
        &expect_file!["../expansions/main_all_keys.rs"],
        quote!(crate = "renamed", ctrl_c = true, seed = 7, clock = "virtual", debug = false,),
        hello(),
    );
}

#[test]
fn main_finds_the_library_at_another_path() {
    expect_main(
        &expect_file!["../expansions/main_crate.rs"],
        quote!(crate = "crate::vendored::asyncio"),
        hello(),
    );
}

#[test]
fn test_is_a_test() {
    expect_test(&expect_file!["../expansions/test.rs"], quote!(), an_hour());
}

#[test]
fn test_keeps_what_stands_beside_it() {
    expect_test(
        &expect_file!["../expansions/test_kept_parts.rs"],
        quote!(),
        quote! {
            #[should_panic(expected = "no such file")]
            async fn fails() -> Result<(), Error> {
                asyncio::fs::read("missing.txt").await?;
                Ok(())
            }
        },
    );
}

#[test]
fn test_takes_a_clock_and_a_seed() {
    expect_test(
        &expect_file!["../expansions/test_clock.rs"],
        quote!(clock = "virtual", seed = 18446744073709551615),
        an_hour(),
    );
}

#[test]
fn test_explores_many_seeds() {
    expect_test(
        &expect_file!["../expansions/test_seeds.rs"],
        quote!(seeds = 1000, clock = "virtual"),
        quote! {
            async fn holds_in_any_order() -> Result<(), Error> {
                transfer().await
            }
        },
    );
}

#[test]
fn a_wrong_key_leaves_the_function_and_the_right_keys() {
    expect_main(
        &expect_file!["../expansions/wrong_key.rs"],
        quote!(debugg = true, seed = 7),
        hello(),
    );
}

#[test]
fn a_function_that_cannot_be_called_keeps_its_body_and_parameters() {
    expect_main(
        &expect_file!["../expansions/wrong_arguments.rs"],
        quote!(),
        quote! {
            async fn main(name: String) {
                println!("Hello {name}");
            }
        },
    );
}

#[test]
fn a_method_stays_a_method() {
    expect_main(
        &expect_file!["../expansions/wrong_method.rs"],
        quote!(),
        quote! {
            pub async fn run(&self) {
                self.hello().await;
            }
        },
    );
}

#[test]
fn all_errors_come_out_at_once() {
    let keys = quote!(debug = 1, sed = 7, true);
    let item = quote! {
        #[test]
        const unsafe extern "C" fn main<T>(self, argument: T, ...) where T: Copy;
    };
    let expansion = pretty(expand(EntryPoint::Main, keys, item));
    let errors: Vec<&str> = expansion
        .lines()
        .filter_map(|line| line.split_once("compile_error! {").map(|(_, text)| text))
        .collect();
    assert_eq!(errors.len(), 3 + 1 + 7 + 1, "{errors:#?}");
}

#[test]
fn a_half_typed_body_comes_out_as_it_is() {
    let body = quote!({
        let name = "World";
        name.
        let
    });
    let expansion = expand(EntryPoint::Main, quote!(), quote!(async fn main() #body));
    let expected = quote!(fn main() { async fn main() #body ::asyncio::run(main()) });
    assert_eq!(expansion.to_string(), expected.to_string());
}

#[test]
fn a_half_typed_signature_comes_out_as_it_is() {
    let item = quote!(async fn main() -> { println!("Hello"); });
    let expansion = expand(EntryPoint::Main, quote!(), item.clone()).to_string();
    assert!(expansion.starts_with(":: core :: compile_error !"), "{expansion}");
    assert!(expansion.ends_with(&item.to_string()), "{expansion}");
}

#[test]
fn no_error_takes_the_body_away() {
    let body = quote!({
        println!("Hello");
    });
    let wrong_items = [
        quote!(fn main() #body),
        quote!(const fn main() #body),
        quote!(async unsafe fn main() #body),
        quote!(async extern "C" fn main() #body),
        quote!(async fn main<T>() #body),
        quote!(async fn main(arguments: ...) #body),
        quote!(async fn main() where String: Copy #body),
        quote!(async fn main(self) #body),
        quote!(#[test] async fn main() #body),
        quote!(struct Main; impl Main #body),
    ];
    for item in wrong_items {
        let expansion = expand(EntryPoint::Main, quote!(), item.clone()).to_string();
        assert!(expansion.starts_with(":: core :: compile_error !"), "{item}: no error");
        assert!(expansion.contains(&body.to_string()), "{item}: no body");
    }
}

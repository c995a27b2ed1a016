//! The expansion of `#[asyncio::main]` and `#[asyncio::test]`.
//!
//! What must hold here: the `async fn` comes out with the tokens it was written in, so that the
//! compiler's errors about it are its ordinary ones and come once. Whatever is wrong, the function
//! comes out, so that an editor goes on completing in its body.
//!
//! Mirrors the call `asyncio.run(main())`, of the module `asyncio.runners`.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, ReturnType, Signature, Token};

use crate::entry::EntryPoint;
use crate::function::Function;
use crate::keys::Keys;

/// Expands an attribute with these keys on this item: every error first, then the function.
pub(crate) fn expand(entry: EntryPoint, keys: TokenStream, item: TokenStream) -> TokenStream {
    let (keys, mut errors) = Keys::parse(entry, keys);
    let function = match Function::parse(entry, item.clone()) {
        Ok((function, faults)) => {
            errors.extend(faults);
            emit(entry, &keys, &function)
        }
        Err(error) => {
            errors.push(error);
            item
        }
    };
    let errors = errors.iter().map(Error::to_compile_error);
    quote! { #(#errors)* #function }
}

/// The `async fn` as it was written, inside a plain function of the same name that runs it.
fn emit(entry: EntryPoint, keys: &Keys, function: &Function) -> TokenStream {
    let Function { attributes, visibility, signature, body } = function;
    if function.is_method() {
        // A method can't move into another function: `self` means nothing there.
        return quote! { #(#attributes)* #visibility #signature #body };
    }
    let Signature { fn_token, ident, output, .. } = signature;
    let test = (entry == EntryPoint::Test).then(|| quote!(#[::core::prelude::v1::test]));
    // `explore` looks at what each run returns, and returns nothing itself.
    let output = keys.seeds.is_none().then_some(output);
    let inner = inner_signature(signature);
    let (unused, start) = if function.is_callable() {
        (None, start(keys, signature))
    } else {
        let unused = quote!(#[allow(dead_code)]);
        (Some(unused), quote!(::core::unreachable!()))
    };
    let mut block = Group::new(Delimiter::Brace, quote!(#unused #inner #body #start));
    block.set_span(body.span());
    quote! { #(#attributes)* #test #visibility #fn_token #ident() #output #block }
}

/// The signature with `async fn name` placed in the expansion. Lints about a function as such (its
/// name, its length, that nobody calls it) pass over those, and so speak of the outer one alone.
fn inner_signature(signature: &Signature) -> Signature {
    let place = |span: Span| span.resolved_at(Span::call_site());
    let mut inner = signature.clone();
    inner.asyncness = inner.asyncness.map(|word| Token![async](place(word.span)));
    inner.fn_token = Token![fn](place(inner.fn_token.span));
    inner.ident.set_span(place(inner.ident.span()));
    inner
}

/// What runs the `async fn` with this signature.
fn start(keys: &Keys, signature: &Signature) -> TokenStream {
    let Signature { ident, output, .. } = signature;
    let library = &keys.library;
    let settings = settings(keys);
    if let Some(seeds) = keys.seeds {
        let builder = quote!(#library::Runner::builder() #settings);
        let call = quote!(#library::testing::explore(#builder, #seeds, #ident));
        // All that it asks of the function, and that can fail, is a return type a test may have.
        placed_at(output_span(output), call)
    } else if settings.is_empty() {
        quote!(#library::run(#ident()))
    } else {
        quote!(#library::Runner::builder() #settings .build().run(#ident()))
    }
}

/// The tokens, so that an error about them points at `span`.
fn placed_at(span: Span, tokens: TokenStream) -> TokenStream {
    let place = Span::call_site().located_at(span);
    let tokens = tokens.into_iter().map(|mut token| {
        token.set_span(place);
        token
    });
    tokens.collect()
}

fn output_span(output: &ReturnType) -> Span {
    match output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => Span::call_site(),
    }
}

/// The calls on a `RunnerBuilder` for the keys given. The rest stays as the environment has it.
fn settings(keys: &Keys) -> TokenStream {
    let library = &keys.library;
    let debug = keys.debug.map(|on| quote!(.debug(#on)));
    let clock = keys.clock.as_ref();
    let clock = clock.map(|clock| quote!(.clock(#library::Clock::#clock)));
    let seed = keys.seed.map(|seed| quote!(.seed(#seed)));
    let ctrl_c = keys.ctrl_c.map(|on| quote!(.handle_ctrl_c(#on)));
    quote!(#debug #clock #seed #ctrl_c)
}

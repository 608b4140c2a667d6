use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::paths::Runtime;
use crate::ir::{OnInProgress, Protected, Task};

/// The two sides of the handler's result, as types.
pub(super) struct Sides {
    pub(super) ok: TokenStream,
    pub(super) err: TokenStream,
}

impl Sides {
    pub(super) fn of(rt: &Runtime<'_>, protected: &Protected) -> Self {
        if let Some((ok, err)) = &protected.result.sides {
            return Self { ok: ok.to_token_stream(), err: err.to_token_stream() };
        }
        let (site, whole, fallible) = (Span::mixed_site(), &protected.result.whole, rt.fallible());
        Self {
            ok: quote_spanned!(site=> <#whole as #fallible>::Ok),
            err: quote_spanned!(site=> <#whole as #fallible>::Err),
        }
    }
}

/// How the runtime handles this handler's values: the codec, the error's converter, the default.
pub(super) fn ops(rt: &Runtime<'_>, sides: &Sides, task: &Task, protected: &Protected) -> TokenStream {
    let site = Span::mixed_site();
    let Sides { ok, err } = sides;
    let ops = rt.ops();
    let default = rt.default_value();
    let make = quote_spanned!(site=> <#ok as #default>::make);
    let codec = if task.discard_result {
        let discard = rt.discard();
        quote_spanned!(site=> #discard::<#ok>(#make))
    } else {
        let value = rt.result_value();
        quote_spanned!(site=> <#ok as #value>::CODEC)
    };
    let map_error = map_error(rt, sides, protected);
    let skip = (task.on_in_progress == Some(OnInProgress::Skip)).then(|| quote_spanned!(site=> .skip_with(#make)));
    quote_spanned!(site=> #ops::<#ok, #err>::new(#codec, #map_error)#skip)
}

/// From the runtime's error to the handler's.
pub(super) fn map_error(rt: &Runtime<'_>, sides: &Sides, protected: &Protected) -> TokenStream {
    if let Some(path) = &protected.map_error {
        return path.to_token_stream();
    }
    let (err, from) = (&sides.err, rt.idem_to_user());
    quote_spanned!(Span::mixed_site()=> <#err as #from>::from_idem)
}

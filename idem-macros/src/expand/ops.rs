use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use super::paths::Runtime;
use super::sides::{Sides, located_at};
use crate::ir::{OnError, OnInProgress, Protected, Task};

/// How the runtime handles this handler's values: the codec, the error's converter, the default.
pub(super) fn ops(rt: &Runtime<'_>, sides: &Sides, task: &Task, protected: &Protected) -> TokenStream {
    let site = Span::mixed_site();
    let Sides { ok, err, .. } = sides;
    let ops = rt.ops();
    let make = make(rt, sides);
    let codec = codec(rt, sides, task);
    let new = sides.shown(quote_spanned!(site=> #ops::<#ok, #err>::new));
    let map_error = map_error(rt, sides, protected);
    let skip = (task.on_in_progress == Some(OnInProgress::Skip))
        .then(|| sides.shown(quote_spanned!(site=> .skip_with(#make))));
    let on_error = task.on_error.as_ref().map(|policy| on_error(rt, sides, policy));
    let at = sides.site();
    quote_spanned!(at=> #new(#codec, #map_error)#skip #on_error)
}

/// How results are kept, or that they are not.
pub(super) fn codec(rt: &Runtime<'_>, sides: &Sides, task: &Task) -> TokenStream {
    if !task.discard_result {
        return kept(rt, sides);
    }
    let (ok, discard, make) = (&sides.ok, rt.discard(), make(rt, sides));
    sides.shown(quote_spanned!(Span::mixed_site()=> #discard::<#ok>(#make)))
}

fn make(rt: &Runtime<'_>, sides: &Sides) -> TokenStream {
    let (ok, default) = (&sides.ok, rt.default_value());
    quote_spanned!(Span::mixed_site()=> <#ok as #default>::make)
}

/// How a result is kept. Written alike wherever it stands, so that a type which cannot be kept is complained about once.
pub(super) fn kept(rt: &Runtime<'_>, sides: &Sides) -> TokenStream {
    let (ok, value) = (&sides.ok, rt.result_value());
    sides.shown(quote_spanned!(Span::mixed_site()=> <#ok as #value>::CODEC))
}

/// What the record keeps of an error, and who judges it.
fn on_error(rt: &Runtime<'_>, sides: &Sides, policy: &OnError) -> TokenStream {
    let (site, err, stored) = (Span::mixed_site(), &sides.err, rt.stored_error());
    let tell = sides.shown(quote_spanned!(site=> .tell_errors(<#err as #stored>::message)));
    let OnError::Judge(path) = policy else {
        return tell;
    };
    // All of it at the path, so that a function of another type is shown there and nowhere else.
    let (disposition, at) = (located_at(path.span(), rt.error_disposition()), site.located_at(path.span()));
    let judge = quote_spanned!(at=> { let __judge: fn(&#err) -> #disposition = #path; __judge });
    quote_spanned!(site=> #tell .judge_errors(#judge))
}

/// From the runtime's error to the handler's.
pub(super) fn map_error(rt: &Runtime<'_>, sides: &Sides, protected: &Protected) -> TokenStream {
    let err = &sides.err;
    if let Some(path) = &protected.map_error {
        // Written alike wherever it stands, so that a function of another type is complained about once.
        let (error, site) = (rt.error(), Span::mixed_site().located_at(path.span()));
        return quote_spanned!(site=> { let __error: fn(#error) -> #err = #path; __error });
    }
    let from = rt.idem_to_user();
    sides.shown(quote_spanned!(Span::mixed_site()=> <#err as #from>::from_idem))
}

use proc_macro2::{Ident, Span};
use syn::parse::ParseStream;

use super::Site;
use crate::diagnostic::Ctxt;

/// An option that may be written once. It knows where.
pub(crate) struct Slot<T> {
    key: Option<Ident>,
    value: Option<T>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { key: None, value: None }
    }
}

impl<T> Slot<T> {
    /// Reads the value that follows the option's name. The first one stays.
    pub(crate) fn read(
        &mut self,
        site: &Site<'_>,
        input: ParseStream<'_>,
        cx: &mut Ctxt,
        parse: impl FnOnce(ParseStream<'_>, &Site<'_>, &mut Ctxt) -> syn::Result<T>,
    ) -> syn::Result<()> {
        let first = self.key.is_none();
        if first {
            self.key = Some(site.key.clone());
        } else {
            cx.error(site.key.span(), format!("`{}` is given twice: keep one", site.key));
        }
        let value = parse(input, site, cx)?;
        if first {
            self.value = Some(value);
        }
        Ok(())
    }

    /// The value, where one was written that could be read.
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub(crate) fn take(self) -> Option<T> {
        self.value
    }

    /// Whether the option was written, readable or not.
    pub(crate) fn is_written(&self) -> bool {
        self.key.is_some()
    }

    /// Where the option's name stands.
    pub(crate) fn span(&self) -> Option<Span> {
        self.key.as_ref().map(Ident::span)
    }
}

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Attribute, ExprPath, LitStr, Token, token};

use crate::attribute::PARAMETER;
use crate::diagnostic::{Ctxt, did_you_mean, listed};
use crate::options::comma_separated_tokens;

/// Every form, with one legal way to write it.
const FORMS: [(&str, &str); 5] = [
    ("skip", "skip"),
    ("name", "name = \"user_id\""),
    ("with", "with = path::to::function"),
    ("set", "set"),
    ("omit_none", "omit_none"),
];

/// A longer name would be left out of fingerprints (KEY-28), and a mismatch could not name it.
const LONGEST_NAME: usize = 255;

/// What `#[idem(…)]` says of a parameter.
#[derive(Default)]
pub(crate) struct Forms {
    /// The argument does not enter the key.
    pub(crate) skipped: bool,
    /// Its name in the key.
    pub(crate) name: Option<LitStr>,
    /// What it goes through on its way into the key.
    pub(crate) with: Option<ExprPath>,
    /// Its order has no meaning.
    pub(crate) set: Option<Span>,
    /// `None` is left out.
    pub(crate) omit_none: Option<Span>,
    /// The names of the forms as written, readable or not.
    written: Vec<Ident>,
}

impl Forms {
    /// Takes this crate's attributes off a parameter; several are read as one.
    pub(super) fn take(attrs: &mut Vec<Attribute>, cx: &mut Ctxt) -> Self {
        let mut forms = Self::default();
        attrs.retain(|attr| {
            if attr.path().is_ident("cfg_attr") && names_parameter(&attr.meta) {
                cx.error(
                    attr.path().span(),
                    "`#[idem(…)]` inside `cfg_attr` is not seen: put `#[cfg(…)]` on two parameters",
                );
                // It was not meant to enter as it is.
                forms.skipped = true;
                return false;
            }
            if !is_own(attr) {
                return true;
            }
            match &attr.meta {
                syn::Meta::List(list) if !list.tokens.is_empty() => {
                    comma_separated_tokens(list.tokens.clone(), cx, |input, cx| forms.read(input, cx));
                }
                _ => {
                    cx.error(attr.path().span(), format!("`#[{PARAMETER}(…)]` says nothing: it takes {}", all()));
                    forms.skipped = true;
                }
            }
            false
        });
        forms.check(cx);
        forms
    }

    /// Whether the argument is said to enter the key in a form of its own.
    pub(crate) fn any(&self) -> bool {
        self.name.is_some() || self.with.is_some() || self.set.is_some() || self.omit_none.is_some()
    }

    /// The form that was written first, `skip` aside.
    pub(crate) fn first(&self) -> Option<&Ident> {
        self.written.iter().find(|form| *form != "skip")
    }

    fn read(&mut self, input: ParseStream<'_>, cx: &mut Ctxt) -> syn::Result<()> {
        let form = Ident::parse_any(input).map_err(|e| syn::Error::new(e.span(), format!("expected {}", all())))?;
        let written = form.to_string();
        let Some((_, shown)) = FORMS.iter().find(|(known, _)| *known == written) else {
            // Whoever wrote it did not mean "take the argument as it is".
            self.skipped |= self.written.is_empty();
            let hint = did_you_mean(&written, FORMS.map(|(name, _)| name))
                .unwrap_or_else(|| format!("a parameter takes {}", all()));
            return Err(syn::Error::new(form.span(), format!("unknown option `{form}`; {hint}")));
        };
        let first = !self.written.contains(&form);
        if !first {
            cx.error(form.span(), format!("`{form}` is given twice: keep one"));
        }
        self.written.push(form.clone());
        let misshapen = |span| syn::Error::new(span, format!("`{form}` is written `#[{PARAMETER}({shown})]`"));
        if matches!(written.as_str(), "name" | "with") {
            if !input.peek(Token![=]) {
                return Err(misshapen(form.span()));
            }
            input.parse::<Token![=]>()?;
            if input.is_empty() || input.peek(Token![,]) {
                return Err(misshapen(form.span()));
            }
        } else if input.peek(Token![=]) || input.peek(token::Paren) {
            self.skipped |= written == "skip";
            return Err(misshapen(form.span()));
        }
        match written.as_str() {
            "name" => {
                let name = input.parse::<LitStr>().map_err(|e| misshapen(e.span()))?;
                check_name(&name)?;
                self.name.get_or_insert(name);
            }
            "with" if input.peek(LitStr) => return Err(misshapen(input.span())),
            "with" => {
                let path = input.parse::<ExprPath>().map_err(|e| misshapen(e.span()))?;
                self.with.get_or_insert(path);
            }
            "set" => self.set = self.set.or(Some(form.span())),
            "omit_none" => self.omit_none = self.omit_none.or(Some(form.span())),
            _ => self.skipped = true,
        }
        Ok(())
    }

    fn check(&mut self, cx: &mut Ctxt) {
        if self.skipped
            && self.written.iter().any(|form| form == "skip")
            && let Some(other) = self.first()
        {
            let message =
                format!("`{other}` says how the argument enters the key, and `skip` that it does not: keep one");
            cx.error(other.span(), message);
        }
        if let (Some(_), Some(span)) = (self.set, self.omit_none) {
            let message = "`omit_none` is for an `Option`, and `set` for a collection: keep one; of an `Option` of a collection, make an `Option<idem::key::Set<_>>` with `with = …` beside `omit_none`";
            cx.error(span, message);
        }
    }
}

/// `self` takes no attribute of this crate.
pub(super) fn refuse_on_self(attrs: &mut Vec<Attribute>, cx: &mut Ctxt) {
    attrs.retain(|attr| {
        let own = is_own(attr);
        if own {
            cx.error(attr.span(), "`self` never enters the key: remove this attribute");
        }
        !own
    });
}

fn check_name(name: &LitStr) -> syn::Result<()> {
    let value = name.value();
    let fault = if value.is_empty() {
        "is empty"
    } else if value.trim() != value {
        "begins or ends with a space"
    } else if value.chars().any(char::is_control) {
        "holds a control character"
    } else if value.len() > LONGEST_NAME {
        "is longer than 255 bytes"
    } else {
        return Ok(());
    };
    let message = format!("the name in the key {fault}; write it as in `#[{PARAMETER}(name = \"user_id\")]`");
    Err(syn::Error::new(name.span(), message))
}

fn all() -> String {
    listed(FORMS.map(|(_, shown)| shown))
}

fn is_own(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|s| s.ident == PARAMETER)
}

/// `cfg_attr(…, idem(…))`
fn names_parameter(meta: &syn::Meta) -> bool {
    let syn::Meta::List(list) = meta else { return false };
    let after_condition = |tokens: TokenStream| {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let comma = tokens.iter().position(|t| matches!(t, proc_macro2::TokenTree::Punct(p) if p.as_char() == ','));
        tokens.into_iter().skip(comma.unwrap_or(0)).any(|t| t.to_string() == PARAMETER)
    };
    after_condition(list.tokens.clone())
}

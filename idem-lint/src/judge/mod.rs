//! Which functions look like handlers, and what they say of themselves.

mod names;
mod passed;
mod rules;

use std::collections::BTreeMap;

use crate::config::Config;
use crate::error::Error;
use crate::report::{Finding, Reason, Report, Suppressed};
use crate::scan::{Function, STATES, Segments};
use crate::tree::{Source, Tree};
use names::Names;
use rules::Rules;

/// A function with the file that it stands in.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) source: &'a Source,
    pub(crate) function: &'a Function,
}

impl Found<'_> {
    /// The path of its module from the crate's root.
    pub(crate) fn module(&self) -> Segments {
        [self.source.module.as_slice(), self.function.module.as_slice()].concat()
    }

    /// Its own path from the crate's root, with the type or function that it stands in.
    pub(crate) fn path(&self) -> Segments {
        let name = std::slice::from_ref(&self.function.name);
        [self.module().as_slice(), self.function.owner.as_slice(), name].concat()
    }
}

/// The rules of a configuration, checked before any file is read.
pub(crate) struct Judge<'a> {
    rules: Rules,
    config: &'a Config,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(config: &'a Config) -> Result<Self, Error> {
        if let Some(blank) = config.suppress.iter().find(|suppression| suppression.reason.trim().is_empty()) {
            return Err(Error::NoReason { function: format!("{}::{}", blank.module, blank.function) });
        }
        Ok(Self { rules: Rules::new(config)?, config })
    }

    pub(crate) fn report(&self, tree: Tree) -> Report {
        let mut report = Report { files: tree.sources.len(), ..Report::default() };
        let functions: Vec<Found<'_>> = tree.sources.iter().flat_map(|source| self.functions(source)).collect();
        let names = Names::new(&tree, &functions);
        let passed = passed::to_calls(&tree, &names, &functions, &self.rules, self.config.include_tests);
        let mut used = vec![false; self.config.suppress.len()];
        let mut same = BTreeMap::new();
        for (index, found) in functions.iter().enumerate() {
            let reasons = self.rules.reasons(*found, &names, passed.get(&index).map_or(&[], Vec::as_slice));
            if reasons.is_empty() {
                continue;
            }
            report.handlers += 1;
            if states(*found, &names) {
                continue;
            }
            let mut finding = finding(*found, reasons);
            let ordinal: &mut usize = same.entry(finding.fingerprint.clone()).or_default();
            *ordinal += 1;
            finding.fingerprint = format!("{} {ordinal}", finding.fingerprint);
            match self.config.suppress.iter().position(|suppression| finding.is_meant_by(suppression)) {
                Some(at) => {
                    used[at] = true;
                    let reason = self.config.suppress[at].reason.clone();
                    report.suppressed.push(Suppressed { finding, reason });
                }
                None => report.findings.push(finding),
            }
        }
        let unused = self.config.suppress.iter().zip(used).filter(|(_, used)| !used);
        report.unused_suppressions = unused.map(|(suppression, _)| suppression.clone()).collect();
        report.problems = tree.problems;
        report.sorted()
    }

    fn functions<'t>(&self, source: &'t Source) -> impl Iterator<Item = Found<'t>> {
        let include_tests = self.config.include_tests;
        let all = source.scan.functions.iter().filter(move |function| include_tests || !function.test);
        all.map(move |function| Found { source, function })
    }
}

/// Whether the function says what it is.
fn states(found: Found<'_>, names: &Names<'_>) -> bool {
    found.function.attributes.iter().any(|written| {
        let path = names.of(found.source.root, &found.module(), written);
        path.segments().last().is_some_and(|last| STATES.contains(&last.as_str()))
    })
}

fn finding(found: Found<'_>, reasons: Vec<Reason>) -> Finding {
    let Found { source, function } = found;
    let module = std::iter::once("crate".to_owned()).chain(found.module()).collect::<Vec<_>>().join("::");
    let name = [function.owner.as_slice(), std::slice::from_ref(&function.name)].concat().join("::");
    let line = source.text.lines().nth(function.region.line - 1).unwrap_or_default();
    Finding {
        fingerprint: format!("{} {module}::{name}", source.path),
        path: source.path.clone(),
        region: function.region,
        package: source.package.clone(),
        module,
        function: name,
        returns_future: function.returns_future,
        line: line.to_owned(),
        reasons,
    }
}

//! What a program is told by variables: a base that all jobs of a run share, and what one adds to it.
//!
//! The base is put into the system's form once, not for each job. Knows nothing of what the variables mean.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

/// An environment. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    base: Arc<BTreeMap<OsString, Variable>>,
    /// What is added, or said otherwise; few.
    own: Vec<(OsString, Variable)>,
}

/// A value, and `NAME=VALUE` as the system wants it; none where that cannot be, for it holds a NUL byte.
#[derive(Clone, Debug)]
struct Variable {
    value: OsString,
    entry: Option<CString>,
}

impl Variable {
    fn new(name: &OsStr, value: OsString) -> Variable {
        Variable { entry: entry(name, &value), value }
    }
}

/// `NAME=VALUE` as the system wants it, unless it holds a NUL byte.
pub fn entry(name: &OsStr, value: &OsStr) -> Option<CString> {
    let mut bytes = Vec::with_capacity(name.len() + value.len() + 2);
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(b'=');
    bytes.extend_from_slice(value.as_bytes());
    CString::new(bytes).ok()
}

impl Environment {
    /// The value of a variable.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        let name = name.as_ref();
        let own = self.own.iter().find(|(own, _)| own == name).map(|(_, variable)| variable);
        own.or_else(|| self.base.get(name)).map(|variable| variable.value.as_os_str())
    }

    /// Gives a variable a value.
    pub fn insert(&mut self, name: OsString, value: OsString) {
        let variable = Variable::new(&name, value);
        match self.own.iter_mut().find(|(own, _)| *own == name) {
            Some((_, known)) => *known = variable,
            None => self.own.push((name, variable)),
        }
    }

    /// The same with what is added to it in its base: for many to share.
    pub fn shared(mut self) -> Environment {
        if !self.own.is_empty() {
            Arc::make_mut(&mut self.base).extend(self.own.drain(..));
        }
        self
    }

    /// Only the variables whose name is wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&OsStr) -> bool) {
        self.own.retain(|(name, _)| is_wanted(name));
        Arc::make_mut(&mut self.base).retain(|name, _| is_wanted(name));
    }

    /// The variables.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables().map(|(name, variable)| (name, variable.value.as_os_str()))
    }

    /// The variables as the system wants them, and by name those that it cannot be given.
    pub fn entries(&self) -> impl Iterator<Item = (&OsStr, Option<&CStr>)> {
        self.variables().map(|(name, variable)| (name, variable.entry.as_deref()))
    }

    fn variables(&self) -> impl Iterator<Item = (&OsStr, &Variable)> {
        let is_own = |name: &OsStr| self.own.iter().any(|(own, _)| own == name);
        let base = self.base.iter().map(|(name, variable)| (name.as_os_str(), variable));
        let own = self.own.iter().map(|(name, variable)| (name.as_os_str(), variable));
        base.filter(move |(name, _)| !is_own(name)).chain(own)
    }

    /// How many there are, at most.
    pub fn len(&self) -> usize {
        self.base.len() + self.own.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Environment {
        let variable = |(name, value): (OsString, OsString)| {
            let variable = Variable::new(&name, value);
            (name, variable)
        };
        Environment { base: Arc::new(variables.into_iter().map(variable).collect()), own: Vec::new() }
    }
}

impl Extend<(OsString, OsString)> for Environment {
    fn extend<I: IntoIterator<Item = (OsString, OsString)>>(&mut self, variables: I) {
        for (name, value) in variables {
            self.insert(name, value);
        }
    }
}

/// A text without a NUL byte as the system wants it.
pub fn c_string(text: &OsStr) -> Result<CString, String> {
    CString::new(text.to_owned().into_vec())
        .map_err(|_| "an argument holds a NUL byte, which no program can be given".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_hides_what_is_shared_and_leaves_it_alone() {
        let text = OsString::from;
        let base: Environment = [(text("A"), text("1")), (text("B"), text("2"))].into_iter().collect();
        let mut own = base.clone();
        own.insert(text("A"), text("3"));
        own.insert(text("C"), text("4"));
        let mut all: Vec<_> = own.entries().map(|(_, entry)| entry.unwrap().to_str().unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, ["A=3", "B=2", "C=4"]);
        assert_eq!(base.get("A"), Some(OsStr::new("1")));
        assert_eq!(own.clone().shared().get("C"), Some(OsStr::new("4")));
        own.retain(|name| name != "A");
        assert_eq!(own.get("A"), None);
        own.insert(text("D"), text("a\0b"));
        assert_eq!(own.entries().filter(|(_, entry)| entry.is_none()).count(), 1);
    }
}

//! The items of a plan by their names: where a name stands, and wherever it stands.
//!
//! Holds ids alone, a few bytes an item: the names are the nodes' own, and so whoever asks brings the nodes along.

use super::model::{Node, NodeId};
use crate::syntax::few::Few;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::cell::OnceCell;
use std::hash::BuildHasher;

/// The items by name.
#[derive(Debug, Default)]
pub struct Members {
    /// By the namespace that they stand in and their own name.
    inside: HashTable<NodeId>,
    /// By own name; made when somebody asks, for most names are found where they stand.
    called: OnceCell<HashTable<Called>>,
    hasher: RandomState,
}

/// The items of one name, in order.
#[derive(Debug)]
enum Called {
    One(NodeId),
    Several(Few<NodeId>),
}

impl Called {
    fn ids(&self) -> &[NodeId] {
        match self {
            Called::One(id) => std::slice::from_ref(id),
            Called::Several(several) => several,
        }
    }
}

impl Members {
    /// Makes room for so many.
    pub(super) fn reserve(&mut self, nodes: &[Node<'_>], count: usize) {
        let Members { inside, hasher, .. } = self;
        inside.reserve(count, |id| inside_hash(hasher, nodes, *id));
    }

    /// Enters an item that has a name. Gives the one of the same namespace that has the name already: then it is not entered.
    pub(super) fn enter(&mut self, nodes: &[Node<'_>], id: NodeId) -> Result<(), NodeId> {
        let Members { inside, called, hasher } = self;
        let (namespace, name) = (nodes[id.index()].namespace, &*nodes[id.index()].name);
        let hash = hasher.hash_one((namespace, name));
        match inside.entry(hash, is_it(nodes, namespace, name), |id| inside_hash(hasher, nodes, *id)) {
            Entry::Occupied(known) => return Err(*known.get()),
            Entry::Vacant(free) => free.insert(id),
        };
        called.take();
        Ok(())
    }

    fn by_own_name(&self, nodes: &[Node<'_>]) -> &HashTable<Called> {
        self.called.get_or_init(|| {
            let mut ids: Vec<NodeId> = self.inside.iter().copied().collect();
            ids.sort_unstable();
            let hasher = &self.hasher;
            let name_of = |known: &Called| &*nodes[known.ids()[0].index()].name;
            let mut called: HashTable<Called> = HashTable::with_capacity(ids.len());
            for id in ids {
                let name = &*nodes[id.index()].name;
                let is_same = |known: &Called| name_of(known) == name;
                match called.entry(hasher.hash_one(name), is_same, |known| hasher.hash_one(name_of(known))) {
                    Entry::Occupied(mut known) => match known.get_mut() {
                        Called::One(first) => {
                            let both = vec![*first, id];
                            *known.get_mut() = Called::Several(both.into());
                        }
                        Called::Several(several) => several.push(id),
                    },
                    Entry::Vacant(free) => {
                        free.insert(Called::One(id));
                    }
                }
            }
            called
        })
    }

    /// The item of that name in a namespace.
    pub fn inside(&self, nodes: &[Node<'_>], namespace: NodeId, name: &str) -> Option<NodeId> {
        self.inside.find(self.hasher.hash_one((namespace, name)), is_it(nodes, namespace, name)).copied()
    }

    /// The items of that name, in order.
    pub fn called(&self, nodes: &[Node<'_>], name: &str) -> &[NodeId] {
        let is_same = |known: &Called| nodes[known.ids()[0].index()].name == name;
        self.by_own_name(nodes).find(self.hasher.hash_one(name), is_same).map_or(&[], Called::ids)
    }

    /// The name of every item, in no order; also while items are being entered.
    pub fn own_names<'m>(&'m self, nodes: &'m [Node<'_>]) -> impl Iterator<Item = &'m str> {
        self.inside.iter().map(|id| &*nodes[id.index()].name)
    }

    /// Every name, with its items.
    pub fn names<'m>(&'m self, nodes: &'m [Node<'_>]) -> impl Iterator<Item = (&'m str, &'m [NodeId])> {
        self.by_own_name(nodes).iter().map(Called::ids).map(|ids| (&*nodes[ids[0].index()].name, ids))
    }
}

/// Whether an item is the one of that name in a namespace.
fn is_it(nodes: &[Node<'_>], namespace: NodeId, name: &str) -> impl Fn(&NodeId) -> bool {
    move |known| {
        let node = &nodes[known.index()];
        node.namespace == namespace && node.name == name
    }
}

fn inside_hash(hasher: &RandomState, nodes: &[Node<'_>], id: NodeId) -> u64 {
    let node = &nodes[id.index()];
    hasher.hash_one((node.namespace, &*node.name))
}

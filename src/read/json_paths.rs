//! Paths of keys as a trie, so that a value finds its field without building a name.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use rustc_hash::FxHashMap;

use crate::model::{ContentVisitor, FieldId};

/// A node of the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node(u32);

/// The document itself.
pub const ROOT: Node = Node(0);

/// Elements of an array that is the document itself. Objects among them are records: their keys have no prefix.
pub const ROOT_ELEMENT: Node = Node(1);

/// Fields beyond which new keys fold into their parent's `.*`.
const MAX_FIELDS: u32 = 4096;
/// Nodes beyond which they do.
const MAX_NODES: usize = 16_384;
/// Bytes of a path beyond which they do.
const MAX_PATH: usize = 4096;
/// Hashes of folded keys kept in order not to hand the same key over again.
const MAX_SEEN: usize = 1 << 16;

struct Entry {
    parent: Node,
    /// `[]` for elements, `*` for folded keys, else the key.
    key: Box<[u8]>,
    element: bool,
    path_len: usize,
    field: Option<FieldId>,
    children: Vec<Node>,
    /// Index over `children` once they are many.
    index: FxHashMap<Box<[u8]>, Node>,
    elements: Option<Node>,
    fold: Option<Node>,
    folded: bool,
}

/// All paths of an item.
pub struct Paths {
    nodes: Vec<Entry>,
    fields: u32,
    seen: HashSet<u64>,
    /// Those of `seen` whose keys may yet be taken back.
    pending: Vec<u64>,
}

impl Paths {
    /// Only the document.
    pub fn new() -> Self {
        let mut paths = Self { nodes: Vec::new(), fields: 0, seen: HashSet::new(), pending: Vec::new() };
        paths.add(ROOT, b"", false);
        paths.nodes[0].elements = Some(ROOT_ELEMENT);
        paths.add(ROOT, b"[]", true);
        paths
    }

    /// The node of `key` in an object at `parent`. `guess` is where among the children it was expected, from one key
    /// of an object to the next: records of one kind have their keys in one order. The second answer is true when the
    /// key is folded away and was not seen before: then it has to be handed over as content.
    #[inline]
    pub fn key(&mut self, parent: Node, key: &[u8], guess: &mut u32) -> (Node, bool) {
        let children = &self.nodes[parent.0 as usize].children;
        if let Some(&child) = children.get(*guess as usize)
            && *self.nodes[child.0 as usize].key == *key
        {
            *guess += 1;
            return (child, false);
        }
        self.key_anywhere(parent, key, guess)
    }

    fn key_anywhere(&mut self, parent: Node, key: &[u8], guess: &mut u32) -> (Node, bool) {
        let entry = &self.nodes[parent.0 as usize];
        if entry.folded {
            return (parent, self.is_new(parent, key));
        }
        let known = if entry.children.len() > 8 {
            entry.index.get(key).copied()
        } else {
            entry.children.iter().copied().find(|c| *self.nodes[c.0 as usize].key == *key)
        };
        if let Some(child) = known {
            if let Some(at) = entry.children.iter().take(64).position(|c| *c == child) {
                *guess = at as u32 + 1;
            }
            return (child, false);
        }
        if self.fields >= MAX_FIELDS
            || self.nodes.len() >= MAX_NODES
            || entry.path_len + key.len() + 1 > MAX_PATH
        {
            let fold = self.fold(parent);
            return (fold, self.is_new(fold, key));
        }
        let child = self.add(parent, key, false);
        let entry = &mut self.nodes[parent.0 as usize];
        entry.children.push(child);
        *guess = entry.children.len() as u32;
        if entry.children.len() > 8 {
            let from = if entry.index.is_empty() { 0 } else { entry.children.len() - 1 };
            for i in from..self.nodes[parent.0 as usize].children.len() {
                let child = self.nodes[parent.0 as usize].children[i];
                let key = self.nodes[child.0 as usize].key.clone();
                self.nodes[parent.0 as usize].index.insert(key, child);
            }
        }
        (child, false)
    }

    /// The node of the elements of an array at `parent`.
    #[inline]
    pub fn elements(&mut self, parent: Node) -> Node {
        let entry = &self.nodes[parent.0 as usize];
        if let Some(node) = entry.elements {
            return node;
        }
        if entry.folded {
            return parent;
        }
        let node = if self.nodes.len() >= MAX_NODES || entry.path_len + 2 > MAX_PATH {
            self.fold(parent)
        } else {
            self.add(parent, b"[]", true)
        };
        self.nodes[parent.0 as usize].elements = Some(node);
        node
    }

    /// The field of values at `node`.
    #[inline]
    pub fn field(&mut self, node: Node, visitor: &mut dyn ContentVisitor) -> FieldId {
        match self.nodes[node.0 as usize].field {
            Some(field) => field,
            None => self.declare(node, visitor),
        }
    }

    #[cold]
    fn declare(&mut self, node: Node, visitor: &mut dyn ContentVisitor) -> FieldId {
        let field = visitor.field(&self.path(node), self.fields);
        self.fields += 1;
        self.nodes[node.0 as usize].field = Some(field);
        field
    }

    fn path(&self, node: Node) -> Vec<u8> {
        let mut steps = Vec::new();
        let mut at = node;
        while at != ROOT {
            steps.push(at);
            at = self.nodes[at.0 as usize].parent;
        }
        let mut path = Vec::new();
        for step in steps.into_iter().rev() {
            let entry = &self.nodes[step.0 as usize];
            if !entry.element && !path.is_empty() {
                path.push(b'.');
            }
            path.extend_from_slice(&entry.key);
        }
        path
    }

    fn fold(&mut self, parent: Node) -> Node {
        if let Some(node) = self.nodes[parent.0 as usize].fold {
            return node;
        }
        let node = self.add(parent, b"*", false);
        self.nodes[node.0 as usize].folded = true;
        self.nodes[parent.0 as usize].fold = Some(node);
        node
    }

    fn add(&mut self, parent: Node, key: &[u8], element: bool) -> Node {
        let path_len = self.nodes.get(parent.0 as usize).map_or(0, |p| p.path_len) + key.len() + 1;
        self.nodes.push(Entry {
            parent,
            key: key.into(),
            element,
            path_len,
            field: None,
            children: Vec::new(),
            index: FxHashMap::default(),
            elements: None,
            fold: None,
            folded: false,
        });
        Node(self.nodes.len() as u32 - 1)
    }

    /// Whether a folded key was not handed over yet, as far as a bounded memory can tell.
    fn is_new(&mut self, fold: Node, key: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        hasher.write_u32(fold.0);
        hasher.write(key);
        if self.seen.len() >= MAX_SEEN {
            self.seen.clear();
        }
        let hash = hasher.finish();
        let new = self.seen.insert(hash);
        if new {
            self.pending.push(hash);
        }
        new
    }

    /// Folded keys met since the last call count as handed over.
    #[inline]
    pub fn commit(&mut self) {
        self.pending.clear();
    }

    /// Folded keys met since the last [`Paths::commit`] were not handed over after all.
    pub fn take_back(&mut self) {
        for hash in self.pending.drain(..) {
            self.seen.remove(&hash);
        }
    }
}

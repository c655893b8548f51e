//! From an order of jobs to a schedule: each job in turn as early as its needs and what is left of the capacities allow
//! (serial schedule generation). Backwards in time, the same from the other end.
//!
//! All capacities of one moment are packed into a few words, so that one subtraction tells whether a job fits. It does
//! not know which order is a good one.

use super::problem::Problem;

/// A problem, packed for many decodings.
pub(super) struct Packed<const W: usize> {
    pub durations: Vec<u64>,
    demands: Vec<[u64; W]>,
    full: [u64; W],
    guards: [u64; W],
    needs: Lists,
    followers: Lists,
}

/// Many short lists in one.
struct Lists {
    from: Vec<u32>,
    all: Vec<u32>,
}

impl Lists {
    fn new(lists: &[Vec<u32>]) -> Lists {
        let mut from = vec![0];
        let mut all = Vec::new();
        for list in lists {
            all.extend_from_slice(list);
            from.push(all.len() as u32);
        }
        Lists { from, all }
    }

    fn of(&self, job: usize) -> &[u32] {
        &self.all[self.from[job] as usize..self.from[job + 1] as usize]
    }
}

/// Which way time goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// From the start: everything as early as it can be.
    Forward,
    /// From the end: everything as late as it can be.
    Backward,
}

impl Way {
    /// The other one.
    pub fn other(self) -> Way {
        match self {
            Way::Forward => Way::Backward,
            Way::Backward => Way::Forward,
        }
    }
}

/// How many bits a capacity takes in a word: enough for all of it, and one that shows when too much is taken.
pub(super) fn bits(capacity: u32) -> u32 {
    33 - capacity.leading_zeros()
}

/// How many words all capacities of a problem need.
pub(super) fn words(problem: &Problem) -> usize {
    let (mut words, mut used) = (1, 0);
    for capacity in &problem.capacities {
        let bits = bits(*capacity);
        if used + bits > 64 {
            words += 1;
            used = 0;
        }
        used += bits;
    }
    words
}

impl<const W: usize> Packed<W> {
    pub fn new(problem: &Problem) -> Packed<W> {
        let mut place = Vec::with_capacity(problem.capacities.len());
        let (mut word, mut used) = (0, 0);
        let (mut full, mut guards) = ([0; W], [0; W]);
        for capacity in &problem.capacities {
            let bits = bits(*capacity);
            if used + bits > 64 {
                word += 1;
                used = 0;
            }
            place.push((word, used));
            full[word] |= u64::from(*capacity) << used;
            guards[word] |= 1 << (used + bits - 1);
            used += bits;
        }
        let demands = problem.demands.iter().map(|demands| {
            let mut packed = [0; W];
            for (capacity, amount) in demands {
                let (word, shift) = place[*capacity as usize];
                packed[word] += u64::from(*amount) << shift;
            }
            packed
        });
        let mut followers = vec![Vec::new(); problem.len()];
        for (job, needs) in problem.needs.iter().enumerate() {
            for needed in needs {
                followers[*needed as usize].push(job as u32);
            }
        }
        for word in 0..W {
            full[word] |= guards[word];
        }
        Packed {
            durations: problem.durations.clone(),
            demands: demands.collect(),
            full,
            guards,
            needs: Lists::new(&problem.needs),
            followers: Lists::new(&followers),
        }
    }

    pub fn len(&self) -> usize {
        self.durations.len()
    }

    /// What must be over before a job, the way time goes.
    pub fn before(&self, way: Way, job: usize) -> &[u32] {
        match way {
            Way::Forward => self.needs.of(job),
            Way::Backward => self.followers.of(job),
        }
    }
}

/// What is free from when on. Its memory serves many decodings.
pub(super) struct Profile<const W: usize> {
    times: Vec<u64>,
    free: Vec<[u64; W]>,
}

impl<const W: usize> Profile<W> {
    pub fn new() -> Profile<W> {
        Profile { times: Vec::new(), free: Vec::new() }
    }

    /// Schedules all jobs in an order in which each stands behind what must be over before it. `ends` gets, by job,
    /// when it ends on the clock of that way. Gives when all is over.
    pub fn decode(&mut self, problem: &Packed<W>, way: Way, order: &[u32], ends: &mut Vec<u64>) -> u64 {
        self.times.clear();
        self.times.push(0);
        self.free.clear();
        self.free.push(problem.full);
        ends.resize(problem.len(), 0);
        let mut last = 0;
        for job in order {
            let job = *job as usize;
            let mut ready = 0;
            for needed in problem.before(way, job) {
                ready = ready.max(ends[*needed as usize]);
            }
            let end = self.place(problem, job, ready);
            ends[job] = end;
            last = last.max(end);
        }
        last
    }

    /// Takes the job's capacities from the first moment on, not before `ready`, from which they are free for as long as
    /// it takes. Gives its end.
    fn place(&mut self, problem: &Packed<W>, job: usize, ready: u64) -> u64 {
        let (duration, demand) = (problem.durations[job], &problem.demands[job]);
        if demand.iter().all(|word| *word == 0) {
            return ready + duration;
        }
        let (times, free) = (&mut self.times[..], &mut self.free[..]);
        let mut from = times.partition_point(|time| *time <= ready) - 1;
        let mut start = ready;
        let mut at = from;
        loop {
            if !fits(&free[at], demand, &problem.guards) {
                // The last moment has all free, so there is a next.
                at += 1;
                from = at;
                start = times[at];
                continue;
            }
            if times.get(at + 1).is_none_or(|next| *next >= start + duration) {
                break;
            }
            at += 1;
        }
        let end = start + duration;
        if duration == 0 {
            return end;
        }
        let mut to = at + 1;
        if self.times[from] != start {
            from += 1;
            to += 1;
            self.times.insert(from, start);
            let before = self.free[from - 1];
            self.free.insert(from, before);
        }
        if self.times.get(to) != Some(&end) {
            self.times.insert(to, end);
            let before = self.free[to - 1];
            self.free.insert(to, before);
        }
        for free in &mut self.free[from..to] {
            for word in 0..W {
                free[word] -= demand[word];
            }
        }
        end
    }
}

fn fits<const W: usize>(free: &[u64; W], demand: &[u64; W], guards: &[u64; W]) -> bool {
    (0..W).all(|word| (free[word] - demand[word]) & guards[word] == guards[word])
}

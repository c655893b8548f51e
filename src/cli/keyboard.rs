//! The keyboard of the terminal that a run is watched on: keys as they are pressed, none of them shown.
//!
//! Ctrl-C and Ctrl-Z still make signals. The terminal is given back as it was found.

use super::view::ViewMessage;
use crate::report::live::Key;
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use std::io::{IsTerminal, stdin};
use std::sync::mpsc::Sender;

/// A terminal's keyboard that this process may read. Dropped, it is as it was.
pub struct Keyboard {
    before: Termios,
}

impl Keyboard {
    /// The keyboard, where standard input is a terminal and this process is in its foreground.
    pub fn open() -> Option<Keyboard> {
        if !stdin().is_terminal() || !is_in_foreground() {
            return None;
        }
        Some(Keyboard { before: tcgetattr(stdin()).ok()? })
    }

    /// Reads keys from now on, for as long as the process lives.
    pub fn listen(self, to: Sender<ViewMessage>) -> Keyboard {
        self.take();
        // Ends with the process: a thread that waits for a key cannot be called off.
        std::thread::spawn(move || {
            while let Ok(event) = crossterm::event::read() {
                let message = match event {
                    Event::Key(key) if key.kind != KeyEventKind::Release => match key.code {
                        _ if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => continue,
                        KeyCode::Char(char) => ViewMessage::Key(Key::Char(char)),
                        KeyCode::Enter => ViewMessage::Key(Key::Enter),
                        KeyCode::Backspace => ViewMessage::Key(Key::Backspace),
                        KeyCode::Esc => ViewMessage::Key(Key::Escape),
                        _ => continue,
                    },
                    Event::Resize(..) => ViewMessage::Redraw,
                    _ => continue,
                };
                if to.send(message).is_err() {
                    break;
                }
            }
        });
        self
    }

    /// Has the terminal hand over each key unseen. Again after the shell had the terminal meanwhile.
    pub fn take(&self) {
        if !is_in_foreground() {
            return;
        }
        let mut now = self.before.clone();
        now.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        now.special_codes[SpecialCodeIndex::VMIN] = 1;
        now.special_codes[SpecialCodeIndex::VTIME] = 0;
        // A terminal that refuses still shows the run; questions can be answered from another one.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &now);
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        if is_in_foreground() {
            // Nobody is left to tell when the terminal is gone.
            let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.before);
        }
    }
}

/// Whether the terminal is this process's to change: one in the background would be stopped for it.
fn is_in_foreground() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| group == rustix::process::getpgrp())
}

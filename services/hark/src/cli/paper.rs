//! `hark completions` and `hark man`: what is made of the command line itself.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// `hark completions`.
#[derive(Debug, Clone, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  source <(hark completions bash)            in this shell, until it ends
  hark completions bash > ~/.local/share/bash-completion/completions/hark
  hark completions zsh > ~/.zfunc/_hark      with ~/.zfunc in fpath
  hark completions fish > ~/.config/fish/completions/hark.fish

`make install` puts them where shells look for them.";

/// `hark man`.
#[derive(Debug, Clone, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct Man {
    /// Write a page for each command into this folder [default: hark's own, to stdout]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

const MAN_EXAMPLES: &str = "\
Examples:
  hark man | man -l -                        read it now
  hark man --out ~/.local/share/man/man1     then: man hark, man hark-up";

//! Python's own asyncio, and uvloop in its place: each sample is a process of its own, which measures itself
//! (`python/workloads.py`).

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child;
use crate::workloads::{Kind, Workload};

/// A Python that can run the workloads.
pub(crate) struct Python {
    /// In the table.
    pub(crate) name: &'static str,
    pub(crate) version: String,
    program: PathBuf,
}

impl Python {
    /// aiohttp is installed beside uvloop, as who serves HTTP would have it.
    pub(crate) fn has(&self, workload: &Workload) -> bool {
        self.name == "uvloop" || !matches!(workload.kind, Kind::Http { .. })
    }

    /// Python on a workload: it measures itself, or serves.
    pub(crate) fn command(&self, workload: &str, operations: u64) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/workloads.py");
        let mut command = Command::new(&self.program);
        command.arg(script).args([self.name, workload, &operations.to_string()]);
        command
    }

    /// What an operation of this workload costs.
    pub(crate) fn measure(&self, workload: &str, operations: u64) -> Result<f64, String> {
        let said = child::said_by(&mut self.command(workload, operations))?;
        said.trim().parse().map_err(|_| format!("{} says {said:?} for {workload}", self.name))
    }
}

/// The `python3` on the PATH. `Err`: why it is left out.
pub(crate) fn cpython() -> Result<Python, String> {
    let program = PathBuf::from("python3");
    let version = asked(&program, "import platform; print(platform.python_version())")?;
    // `asyncio.timeout` came with it.
    let is_recent = asked(&program, "import sys; print(sys.version_info >= (3, 11))")? == "True";
    if !is_recent {
        return Err(format!("python3 is {version}, and the workloads need 3.11"));
    }
    Ok(Python { name: "cpython", version, program })
}

/// uvloop and aiohttp on the same Python, in a virtual environment under `target`: made on first use, with pip.
pub(crate) fn uvloop(python: &Python) -> Result<Python, String> {
    let folder = child::target_folder()?.join(format!("uvloop-{}", python.version));
    let program = folder.join("bin/python");
    let version = || asked(&program, "import aiohttp, uvloop; print(uvloop.__version__)");
    let version = version().or_else(|_| install(python, &folder).and_then(|()| version()))?;
    Ok(Python { name: "uvloop", version, program })
}

fn install(python: &Python, folder: &Path) -> Result<(), String> {
    eprintln!("installing uvloop and aiohttp into {}", folder.display());
    child::said_by(Command::new(&python.program).args(["-m", "venv"]).arg(folder))?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "aiohttp", "uvloop"];
    child::said_by(Command::new(folder.join("bin/python")).args(pip)).map(drop)
}

fn asked(program: &Path, question: &str) -> Result<String, String> {
    child::said_by(Command::new(program).args(["-c", question])).map(|said| said.trim().to_owned())
}

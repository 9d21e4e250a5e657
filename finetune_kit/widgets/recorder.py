"""The recorder: a sound from the microphone of the browser, where the browser allows it.

ipywidgets has no recorder. So a button of plain HTML records, turns what it has into a WAV file, and puts it into a
hidden text box, whose content the notebook hands to Python as it does for every text box.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

SECONDS = 10  # at most
_numbers = itertools.count()

# decodeAudioData resamples to the rate of its context: 16 kHz.
SCRIPT = """(async button => {
  const says = text => { button.nextElementSibling.textContent = text; };
  if (button.recorder) { button.recorder.stop(); return; }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true});
    const recorder = button.recorder = new MediaRecorder(stream), pieces = [];
    recorder.ondataavailable = event => pieces.push(event.data);
    recorder.onstop = async () => {
      button.recorder = null; button.textContent = 'Record'; says('');
      stream.getTracks().forEach(track => track.stop());
      try {
        const held = await new Blob(pieces).arrayBuffer();
        const clip = (await new OfflineAudioContext(1, 1, 16000).decodeAudioData(held)).getChannelData(0);
        const file = new DataView(new ArrayBuffer(44 + 2 * clip.length));
        [[0, 0x52494646], [8, 0x57415645], [12, 0x666d7420], [36, 0x64617461]].forEach(a => file.setUint32(...a));
        [[4, 36 + 2 * clip.length], [16, 16], [24, 16000], [28, 32000], [40, 2 * clip.length]]
          .forEach(a => file.setUint32(...a, true));
        [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(a => file.setUint16(...a, true));
        clip.forEach((v, i) => file.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, v)), true));
        let text = '';
        new Uint8Array(file.buffer).forEach(byte => { text += String.fromCharCode(byte); });
        const box = document.querySelector('.MAILBOX textarea');
        box.value = btoa(text);
        ['input', 'change'].forEach(kind => box.dispatchEvent(new Event(kind, {bubbles: true})));
      } catch (error) { says('This browser cannot read what it recorded (' + error.message + '); upload a file.'); }
    };
    recorder.start();
    button.textContent = 'Stop'; says('Recording, for SECONDS seconds at most ...');
    setTimeout(() => { if (recorder.state === 'recording') recorder.stop(); }, 1000 * SECONDS);
  } catch (error) { says('No microphone here (' + error.message + '); upload a file.'); }
})(this)"""


class Recorder(ipw.HBox):  # type: ignore[misc]
    """A button that records. take: called with the bytes of a WAV file, mono at 16 kHz.

    What the browser does not allow is said beside the button; a page opened by http from another
    machine has no microphone at all.
    """

    def __init__(self, take: Callable[[bytes], None]):
        self._take = take
        name = f"ftk-recording-{next(_numbers)}"
        self.mailbox = ipw.Textarea(continuous_update=False, layout=ipw.Layout(display="none"))
        self.mailbox.add_class(name)
        self.mailbox.observe(lambda change: self._arrive(change["new"]), "value")
        script = SCRIPT.replace("MAILBOX", name).replace("SECONDS", str(SECONDS)).replace('"', "&quot;")
        look = 'class="jupyter-button widget-button" style="width:auto"'
        says = '<span role="status" style="line-height:1.4;margin-left:8px"></span>'
        self.button = ipw.HTML(f'<button type="button" {look} onclick="{script}">Record</button>{says}')
        super().__init__([self.button, self.mailbox])

    def _arrive(self, text: Any) -> None:
        if not text:
            return
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raw = b""  # whoever takes it says that it is no sound
        self.mailbox.value = ""  # so that the same again is an event too
        self._take(raw)

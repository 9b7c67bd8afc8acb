// Show me now, from the live list: the camera that saw the case last.
import { lookAt } from "./looking.js";
import { titleOf } from "./rows.js";

export const look = ([card]) => lookAt(card.dataset.case, titleOf(card));

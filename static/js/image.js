/* Pages that show an image and nothing that a model marks on it. */
import { startSingleView } from "./single_view.js";

startSingleView();

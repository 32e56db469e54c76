"""Words around names and inside them: titles, kin, roles, particles, and the first names that are words as well."""

from server.recognisers.tokens import fold_name

_FEMALE_TITLES = "madame mme mlle mademoiselle mmes mesdames mrs ms miss veuve"
_MALE_TITLES = "monsieur m mr messieurs mm mrs"
_TITLES = "docteur dr pr professeur professeure me maitre abbe imam capitaine lieutenant"
# What a child calls its family is part of the name: "Mamie Odette".
_FAMILIAR = "mamie papi papy tonton tata tatie"

_FEMALE_KIN = """
mère maman sœur fille femme épouse compagne concubine ex-femme ex-épouse ex-compagne belle-mère belle-sœur
belle-fille grand-mère petite-fille tante cousine nièce marraine copine amie jumelle benjamine cadette
aînée demi-sœur petite-amie fiancée maman fillette gamine
"""
_MALE_KIN = """
père papa frère fils mari époux compagnon concubin ex-mari ex-époux ex-compagnon beau-père beau-frère
beau-fils grand-père petit-fils oncle cousin neveu parrain copain ami jumeau benjamin cadet aîné
demi-frère petit-ami fiancé garçon garçonnet gendre gamin
"""
_KIN = "conjoint conjointe partenaire ex bébé enfant enfants parents jumeaux jumelles filles frères sœurs nourrice bru"
_FEMALE_ROLES = """
voisine collègue conseillère référente éducatrice tutrice patronne formatrice directrice animatrice
avocate stagiaire candidate assistante bénéficiaire gérante psychologue médiatrice coordinatrice
coordonnatrice chargée cliente salariée apprentie étudiante employée accompagnatrice employeuse infirmière
gardienne dame usagère participante intervenante maîtresse enseignante nounou agente secrétaire
"""
_MALE_ROLES = """
voisin conseiller référent éducateur tuteur patron formateur directeur animateur avocat candidat assistant
gérant médiateur coordinateur coordonnateur chargé client salarié apprenti étudiant employé accompagnateur
employeur infirmier gardien usager participant intervenant instituteur enseignant agent élève médecin chef
responsable coach dentiste notaire psychiatre kiné curateur mandataire juge proviseur principal locataire
propriétaire compatriote
"""


def _set(words: str) -> frozenset[str]:
    return frozenset(fold_name(word) for word in words.split())


FEMALE_TITLES, MALE_TITLES = _set(_FEMALE_TITLES), _set(_MALE_TITLES)
FAMILIAR = _set(_FAMILIAR)
TITLES = FEMALE_TITLES | MALE_TITLES | _set(_TITLES)
FEMALE_WORDS = (
    FEMALE_TITLES
    | _set(_FEMALE_KIN)
    | _set(_FEMALE_ROLES) - _set("collègue stagiaire bénéficiaire psychologue")
)
MALE_WORDS = (
    MALE_TITLES | _set(_MALE_KIN) | _set(_MALE_ROLES) - _set("élève médecin chef responsable coach juge")
)
KIN = _set(_FEMALE_KIN) | _set(_MALE_KIN) | _set(_KIN)
ROLES = _set(_FEMALE_ROLES) | _set(_MALE_ROLES)
OWNERS = _set(
    """
son sa ses mon ma mes ton ta tes notre nos votre vos leur leurs le la les l' un une cet cette ce d' de du
des
"""
)
"""What stands before the word for a relation: "sa sœur", "le mari", "une amie"."""

AGE_WORDS = _set(
    "aîné aînée cadet cadette petit petite grand grande jeune ainé ainée premier première second seconde"
)

PARTICLES = _set(
    """
de du des d' l' la le les van von der den ten ter el al ul ben bin bint ibn ould ait aït da das dos do di del
della dell lo y e mac mc o saint sainte st ste zu af av abd abdel abou abu oum um thi le-van
"""
)
"""Words that stand between the parts of a name."""

FUNCTION_WORDS = _set("""
a à au aux avec avant après alors ainsi assez aussi autre aucun aucune bien bon bonne bonjour bonsoir c'
car ce ceci cela celle celui ces cet cette chaque chez ci comme comment d' dans de depuis des dès donc
dont du elle elles en encore enfin ensuite entre est et eu eux fait hier ici il ils j' jamais je jusqu' l'
la là le les leur leurs lors lorsqu' lui m' ma madame mais me même merci mes moi moins mon monsieur n' ne
ni non nos notre nous on ont or ou où oui par parce pas pendant peu peut plus plusieurs pour pourquoi puis
puisqu' qu' quand que quel quelle qui quoi rien s' sa sans se selon ses si sinon soit son sont sous
souvent sur ta te tes toi ton toujours tous tout toute toutes très trop tu un une vers voici voilà vos
votre vous vu y été était ok rdv tel tél mail cordialement bref idem nb ps re fw objet
""")

HEADINGS = _set(
    """
absent absente action adresse alerte appel atelier attention bilan candidat candidate candidature
certificat coach conclusion contact contrat convention date dossier entretien facture fiche formation
freins identité important inscription juge liste mail message mission nom note notes nouveau objectif
objet oui participant point pour présent présente projet prénom rappel rdv relance rendez-vous référent
réunion réponse salarié situation signature stage stagiaire suite suivi synthèse tél téléphone tuteur
urgent urgence visite vu réf ref snap scan dem dixit pause visio wifi box insta cv ligne
"""
)
"""What is written in capitals before a name in notes: "URGENT Karim", "SUIVI Léa"."""

HOMONYMS = _set("""
abel adage aime aimé aimée albane alpha ambre amine an ana anas ange anis ani ara aurore avril bayram ben
bienvenue blanche bob bobby bora boubou can capucine carmine cassandre céleste chance chi chien christ
claire clémence clément colin constance cosme deniz désiré désirée dieudonné divine do dong doris duc earl
engin espérance eve exaucé fatma fen fidèle félicité fleur flore florence florentin france franco gabin
gang garance germain gloire grace grâce guerrier ha hai hao hava héritier hermine hilaire honoré
hua hui hung imam innocent ion iris islam issa jacinthe jack jade jale jan jolie jojo jules
junior juste kai kim kit lamine lan lee lei leone lien lily lin line lis long lorraine lot lotte lourdes
loan lune mai mael mamour mamy marguerite marin marine mark martial martin mata max melchior mercedes
merlin merveille milan min mine ming mitra moche modeste mor morgan muge muguette musa my mya na nam nadir
nana narine noria nino noa noël nuit ny octave olive olympe or oscar pacifique papa pape paris parfait
pascal pascale per perle phong pierre pilar ping placide precious prosper prudence prune qasim radia raid
raja ram rami rani rares ravi ray reine rida rim rob robin romain romane rosa rose rosette sage sait sali
sam samba sana san saran sema sid sofia son souk sultan sylvestre tam tan tao tess thé tien till tim tina
tine tom tracy tri trésor tu tuba urbain ute vaillant valentin van victoire victoria victor
violette vienne vivien vola vu wei wen will win yang yen yi yu yuan zine zoe long bach bao wilson
jackson grant mark pat per sol luz gor noor carole sidi ali gaby cam tai hai ly lam luan vera via
marjolaine solange tho tony thinh reza uri yaya lancine lala noro vola
""") - _set("zoe")
"""First names that are words, places or brands as well: they need more than a capital letter to be a name."""

VERBS = _set("""
a est ont sont n' ne s' se l' y en avait était fut sera va vit veut peut doit dit dort fait sait souhaite
demande cherche travaille habite vient arrive hésite pense explique propose refuse accepte répond précise
ajoute indique confirme raconte rappelle envisage prépare suit préfère voudrait aimerait pourrait devrait
reste parle aime garde rencontre termine commence attend quitte reprend part perçoit touche bénéficie
possède vise obtient passe montre et
""")
"""What often follows the subject of a sentence: "Rose a fini", "Pierre souhaite"."""

THINGS = _set("""
logiciel marque méthode méthodes test tests plan loi lois réforme dispositif échelle théorème matrice modèle
norme clé sauce tarte pommes perceuse tournevis salle application appli site outil outils niveau programme
opération prix label module pack carte chèque pass box type modèles roue grille effet principe théorie
pyramide questionnaire inventaire accords décret article ordonnance barème syndrome fan passionné passionnée
adepte permis bac brevet diplôme certificat option filière secteur poste métier métiers rue avenue place gare
quartier ville commune musée stade formation spécialité chantiers
""")
"""Words for what bears somebody's name without being anybody: "méthode Kolb", "échelle de Likert"."""

NOT_BEFORE_A_NAME = THINGS | _set("""
un une le la l' du au aux ce cet cette mon ma mes leur leurs notre nos votre vos quel quelle chaque
en sur sous dans via vers chez aucun aucune dit
maîtrise maîtriser utilise utiliser sait connaît vise viser parle lit écrit conduit conduire joue regarde
titre licence master lycée collège école université hôpital centre agence association entreprise société
groupe garage
""")
"""Words after which an unknown capitalised word is a thing, a place or an organisation: "en Kangoo"."""

COMMON_SURNAMES = _set("""
petit petitjean grand legrand gros blanc noir roux brun rousseau boulanger boucher charpentier cordonnier
marchand mercier meunier tisserand couturier tailleur fournier berger bergère chevalier maréchal forgeron
charron tonnelier potier carpentier cuisinier pelletier chapelier pasteur clerc prévost prieur moine lévêque
bonnet chapeau besson bourgeois sauvage joly jolly gentil lheureux vaillant fort faible leroy roy prince comte
baron marquis duc page valet toussaint carême pascal dupré dubois bois rivière
fontaine vallée montagne forêt buisson chêne frêne poirier pommier prunier rosier laurier olivier renard
loup mouton lapin poulain pinson rossignol merle corbeau perdrix bœuf chevreau barbier marin pèlerin caron
sabatier vigneron vasseur masson maçon maillard colin lambert martin vidal picard normand breton langlois
flamand poitevin champion camus bellot collet hardy courtois constant sergent soldat chauvin
""")
"""Words of French that are common surnames as well: beside a first name they are part of the name."""

TO_SOMEBODY = _set("""
appeler rappeler appelé rappelé appelle rappelle voir revoir vu vue revu revue reçu reçue recevoir contacter
contacté contactée relancer relancé relancée écrire demander demandé transmettre envoyer parler parlé dire dit
téléphoner merci grâce croisé croisée rencontré rencontrer remercier féliciter félicité convoquer prévenir
prévenu attendre attend confier rendre répondre remplacer remplace accompagner aider aidé présenter penser tél tel
interroger inviter solliciter joindre informer rappel appel selon
""")
"""Words of which somebody is the object: "rappeler Guewen", "merci à Vanina"."""
